# The bot without its development tools, as a user without rights. It writes to /data alone, so the rest may be
# read-only: docker run --read-only --tmpfs /tmp -v nemobot-data:/data --env-file .env nemobot
#
# The base is pinned by its digest, so that a build tomorrow is the build of today. For another version look its digest up
# (docker buildx imagetools inspect node:<version>-slim) and change both, here and in package.json.
FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS node

FROM node AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No package that is needed at run time has to build or fetch anything.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.[cm]ts' -o -name '*.map' \) -delete

FROM node
ENV NODE_ENV=production DATA_DIR=/data HTTP_HOST=0.0.0.0 HTTP_PORT=8080
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY config config
COPY src src
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.HTTP_PORT || 8080) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process and hears the signals; npm would keep some of them to itself.
CMD ["node", "--max-semi-space-size=1", "src/main.ts"]
