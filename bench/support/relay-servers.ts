/**
 * A source and a sink on loopback for `bench/relay.ts`, on plain sockets so that they cost as little as can be.
 * `node relay-servers.ts source` or `… sink`; prints its port. The source answers `GET /<bytes>`; the sink
 * counts and discards a body and answers as the upload endpoint does. A path that ends in `rate<n>` is read
 * at n MB/s.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";

const ANSWER = JSON.stringify({ code: 0, data: {} });
const TICK_MS = 10;

const server = createServer(process.argv[2] === "source" ? serveSource : serveSink);
server.listen(0, "127.0.0.1", () => {
  // A TCP server's address is never a path.
  console.log((server.address() as AddressInfo).port);
});

function serveSource(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.once("data", (head) => {
    let left = Number(/^GET \/(\d+)/.exec(head.toString("latin1"))?.[1] ?? 0);
    const block = Buffer.alloc(256 * 1024, "v");
    const write = () => {
      while (left > 0) {
        const chunk = left >= block.byteLength ? block : block.subarray(0, left);
        left -= chunk.byteLength;
        if (!socket.write(chunk)) {
          socket.once("drain", write);
          return;
        }
      }
      socket.end();
    };
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${left}\r\nconnection: close\r\n\r\n`);
    write();
  });
}

function serveSink(socket: Socket): void {
  let head = "";
  let lengthBytes: number | null = null;
  let readBytes = 0;
  let allowance = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearInterval(timer));
  socket.on("data", (chunk) => {
    let body = chunk;
    if (lengthBytes === null) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) return;
      // Curl reads its standard input, so it cannot name a length: zero stands for "until the last chunk".
      lengthBytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (/expect: 100-continue/i.test(head)) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      const rate = Number(/rate(\d+) HTTP/.exec(head)?.[1] ?? 0);
      if (rate > 0) timer = limit((rate * 1e6 * TICK_MS) / 1000);
      body = Buffer.from(head.slice(end + 4), "latin1");
    }
    readBytes += body.byteLength;
    allowance -= body.byteLength;
    if (allowance <= 0) socket.pause();
    const isWhole =
      lengthBytes > 0 ? readBytes >= lengthBytes : body.subarray(-5).equals(Buffer.from("0\r\n\r\n"));
    if (isWhole) {
      socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\nconnection: close\r\n\r\n${ANSWER}`,
      );
    }
  });

  function limit(bytesPerTick: number): NodeJS.Timeout {
    allowance = bytesPerTick;
    return setInterval(() => {
      allowance = Math.min(allowance + bytesPerTick, bytesPerTick);
      if (allowance > 0) socket.resume();
    }, TICK_MS);
  }
}
