# The engine.
FROM python:3.13-slim

RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends espeak-ng sox \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 990 --create-home --home-dir /var/lib/dialer dialer \
    && install -d -o dialer -g dialer /var/lib/dialer/sounds /var/lib/dialer/sounds/engine

WORKDIR /opt/dialer
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY dialer ./dialer
RUN pip install --no-cache-dir --no-deps .

USER dialer
EXPOSE 8080 4573 4574
CMD ["dialer", "serve", "--root", "/etc/dialer"]
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
