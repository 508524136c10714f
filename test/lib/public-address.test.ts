import { describe, expect, it } from "vitest";
import { isPublicIp, readPublicUrl } from "../../src/lib/public-address.ts";

const RULE = { schemes: ["https:"], trustedOrigins: ["http://127.0.0.1:8787"] };

describe("an IP address", () => {
  it.each([
    "0.0.0.0",
    "0.255.0.1",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
  ])("%s is not public", (address) => {
    expect(isPublicIp(address)).toBe(false);
  });

  it.each([
    "1.1.1.1",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
  ])("%s is public", (address) => {
    expect(isPublicIp(address)).toBe(true);
  });
});

describe("an address of the web", () => {
  it.each([
    "https://cdn.example.com/v.mp4",
    "https://cdn.example.com:8443/v.mp4?sig=1",
    "https://CDN.Example.com./v.mp4",
    "https://xn--bcher-kva.example/v.mp4",
    "https://1.1.1.1/v.mp4",
    "https://[2606:4700:4700::1111]/v.mp4",
    "https://localhost.example.com/",
    "https://internal.example.com/",
    // Of the origin that the operator has named.
    "http://127.0.0.1:8787/files/1/video.mp4",
    "http://2130706433:8787/files/1/video.mp4",
  ])("%s is taken", (address) => {
    expect(readPublicUrl(address, RULE)?.href).toBe(new URL(address).href);
  });

  it.each([
    "http://cdn.example.com/v.mp4",
    "ftp://cdn.example.com/v.mp4",
    "file:///etc/passwd",
    "data:video/mp4;base64,AAAA",
    "https://user@cdn.example.com/v.mp4",
    "https://user:password@cdn.example.com/v.mp4",
    "https://:password@cdn.example.com/v.mp4",
    "http://user@127.0.0.1:8787/v.mp4",
    "http://127.0.0.1:8788/metrics",
    "http://127.0.0.1/metrics",
    "https://127.0.0.1:8787/v.mp4",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.0.1./",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata.google.internal./",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://ⓛocalhost/",
    "https://api.localhost/",
    "https://printer.local/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://wiki.corp/",
    "https://api.default.svc.cluster.local/",
    "https://redis/",
    "https://redis:6379/",
    "nonsense",
    "",
  ])("%s is not", (address) => {
    expect(readPublicUrl(address, RULE)).toBeNull();
  });
});
