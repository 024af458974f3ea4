import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test, expect } from '@playwright/test';

const ports: Record<string, number> = JSON.parse(process.env.PORTS!);
const { OWN, ELSEWHERE, POSTGRES } = process.env as Record<string, string>;
const hosts = ['127.0.0.1', '127.5.5.5', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', 'localhost', OWN];

const connect = (options: net.NetConnectOpts) => new Promise<string>(done => {
  const socket = net.connect(options, () => done('connected')).on('error', (error: NodeJS.ErrnoException) => done(error.code!));
  socket.on('connect', () => socket.destroy());
});

test('no port of the stack is reached by any address', async () => {
  for (const [name, port] of Object.entries(ports)) {
    for (const host of hosts)
      expect(await connect({ host, port }), `${name} at ${host}`).toBe('EACCES');
  }
});

test('no port of the stack is reached by a page', async ({ page }) => {
  for (const [name, port] of Object.entries(ports))
    await expect(page.goto(`http://localhost:${port}/`), name).rejects.toThrow(/ERR_NETWORK_ACCESS_DENIED/);
});

test('no WebSocket and no fetch of a page reaches a port of the stack', async ({ page }) => {
  const server = http.createServer((_, answer) => answer.end('<h1>own</h1>')).listen(0);
  await page.goto(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`);
  for (const port of Object.values(ports)) {
    expect(await page.evaluate(port => fetch(`http://127.0.0.1:${port}/`, { mode: 'no-cors' }).then(() => 'reached', () => 'refused'), port)).toBe('refused');
    expect(await page.evaluate(port => new Promise(done => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      socket.onopen = () => done('reached');
      socket.onerror = () => done('refused');
    }), port)).toBe('refused');
  }
  server.close();
});

test('the database’s socket is not there', async () => {
  expect(await connect({ path: `${POSTGRES}/.s.PGSQL.5432` })).toMatch(/ENOENT|EACCES/);
});

test('the stack’s folder, what other runs left in it, and its key are not there', async () => {
  for (const file of [ELSEWHERE, `${ELSEWHERE}/api-key`, `${ELSEWHERE}/secrets.key`, `${ELSEWHERE}/aws/s3`, `${ELSEWHERE}/logs`, `${ELSEWHERE}/postgres`])
    expect(fs.existsSync(file), file).toBe(false);
});

test('the account that the stack gives scripts has no credential in it', async () => {
  expect(Object.keys(process.env).filter(name => /^AWS_|^DATABASE|_QUEUE_URL$|_TABLE$|_BUCKET$/.test(name))).toEqual([]);
});
