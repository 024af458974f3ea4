import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test, expect, type Page } from '@playwright/test';

const { OPEN, CLOSED, OWN } = process.env;
const hosts = ['127.0.0.1', '127.3.3.3', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', 'localhost', OWN!, '2130706433', '0x7f.1', '[::ffff:7f00:1]'];
const metadata = ['169.254.169.254', '[fd00:ec2::254]', '[::ffff:a9fe:a9fe]', '2852039166', '169.254.170.2'];

const became = (promise: Promise<unknown>) => promise.then(() => 'connected', error => error.code ?? error.cause?.code ?? String(error));

function connect(host: string, port: number) {
  return became(new Promise((done, failed) => {
    const socket = net.connect(port, host.replace(/[[\]]/g, ''), () => done(socket.destroy())).on('error', failed);
  }));
}

const run = (program: string, ...args: string[]) => {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 10_000 });
  } catch (error) {
    return String((error as { stderr: string }).stderr);
  }
};

test('what is open is reached', async ({ page }) => {
  expect(await connect('127.0.0.1', Number(OPEN))).toBe('connected');
  expect(await (await fetch(`http://localhost:${OPEN}/`)).text()).toBe('hi');
  await page.goto(`http://127.0.0.1:${OPEN}/`);
  expect(await page.evaluate(() => fetch('/again').then(answer => answer.text()))).toBe('hi');
});

test('a site of the script’s own is reached', async ({ page }) => {
  const server = http.createServer((_, answer) => answer.end('<h1>own</h1>')).listen(0);
  await page.goto(`http://localhost:${(server.address() as net.AddressInfo).port}/`);
  await expect(page.getByRole('heading')).toHaveText('own');
  server.close();
});

test('names are still resolved', async () => {
  expect((await dns.lookup('localhost')).address).toMatch(/^(127\.|::1)/);
});

test('Node reaches nothing of ours by a socket', async () => {
  for (const host of hosts.filter(host => !/^2130|^0x/.test(host)))
    expect(await connect(host, Number(CLOSED)), host).toBe('EACCES');
});

test('Node reaches nothing of ours by a URL', async () => {
  for (const host of hosts)
    expect(await became(fetch(`http://${host}:${CLOSED}/`)), host).toBe('EACCES');
});

test('Node reaches no metadata service', async () => {
  for (const host of metadata)
    expect(await became(fetch(`http://${host}/latest/meta-data/`)), host).toMatch(/EACCES|ENETUNREACH/);
});

test('Node sends no datagram to where it may not connect', async () => {
  const socket = dgram.createSocket('udp4');
  const connected = became(new Promise((done, failed) => socket.connect(Number(CLOSED), '127.0.0.1', ((error?: Error) => error ? failed(error) : done(0)) as () => void)));
  expect(await connected).toBe('EACCES');
  socket.close();
});

test('a shell reaches nothing of ours', async () => {
  test.skip(!fs.existsSync('/bin/bash'), 'there is no bash');
  expect(run('/bin/bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${CLOSED} && echo connected`)).toMatch(/Permission denied/);
  expect(run('/bin/bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${OPEN} && echo connected`)).toMatch(/connected/);
});

test('a program with a blocking socket reaches nothing of ours', async () => {
  test.skip(!fs.existsSync('/usr/bin/perl'), 'there is no perl');
  const program = (port: string) => `use IO::Socket::INET; print IO::Socket::INET->new("127.0.0.1:${port}") ? "connected" : $!;`;
  expect(run('/usr/bin/perl', '-e', program(CLOSED!))).toBe('Permission denied');
  expect(run('/usr/bin/perl', '-e', program(OPEN!))).toBe('connected');
});

test('a page goes nowhere of ours', async ({ page }) => {
  for (const host of hosts)
    await expect(page.goto(`http://${host}:${CLOSED}/`), host).rejects.toThrow(/ERR_NETWORK_ACCESS_DENIED/);
});

test('a page reaches no metadata service', async ({ page }) => {
  for (const host of metadata)
    await expect(page.goto(`http://${host}/`), host).rejects.toThrow(/ERR_NETWORK_ACCESS_DENIED|ERR_ADDRESS_UNREACHABLE|ERR_INTERNET_DISCONNECTED/);
});

const ways: Record<string, (url: string) => Promise<string>> = {
  'a page reaches nothing of ours by fetch': url => fetch(url, { mode: 'no-cors' }).then(() => 'reached', () => 'refused'),
  'a page reaches nothing of ours by a WebSocket': url => new Promise(done => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.onerror = () => done('refused');
    socket.onopen = () => done('reached');
  }),
  'a page reaches nothing of ours by an image': url => new Promise(done => Object.assign(new Image(), { src: url, onerror: () => done('refused'), onload: () => done('reached') })),
  'a page reaches nothing of ours by an EventSource': url => new Promise(done => { new EventSource(url).onerror = () => done('refused'); }),
  'a page reaches nothing of ours by a worker': url => new Promise(done => {
    const source = `fetch('${url}', { mode: 'no-cors' }).then(() => postMessage('reached'), () => postMessage('refused'))`;
    new Worker(URL.createObjectURL(new Blob([source]))).onmessage = event => done(event.data);
  }),
  'a page reaches nothing of ours by a form in a frame': url => new Promise(done => {
    document.body.innerHTML = `<iframe name="f"></iframe><form method="post" target="f" action="${url}"></form>`;
    document.querySelector('form')!.submit();
    setTimeout(() => done('refused'), 500);
  }),
};

async function tried(page: Page, way: (url: string) => Promise<string>, port: string) {
  await page.goto(`http://127.0.0.1:${OPEN}/`);
  return await page.evaluate(`(${way})('http://127.0.0.1:${port}/tried')`);
}

for (const [title, way] of Object.entries(ways))
  test(title, async ({ page }) => expect(await tried(page, way, CLOSED!)).toBe('refused'));

test('the browser’s own requests reach nothing of ours', async ({ page, request }) => {
  await expect(request.get(`http://127.0.0.1:${CLOSED}/`)).rejects.toThrow(/EACCES/);
  await expect(page.request.get(`http://localhost:${CLOSED}/`)).rejects.toThrow(/EACCES/);
});

test('a proxy of the script’s own reaches nothing of ours', async ({ browser }) => {
  const proxy = http.createServer((asked, answer) => {
    http.get(asked.url!, () => answer.end('reached')).on('error', error => answer.end(`${(error as NodeJS.ErrnoException).code}`));
  }).listen(0);
  const context = await browser.newContext({ proxy: { server: `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`, bypass: '<-loopback>' } });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${CLOSED}/`);
  await expect(page.locator('body')).toHaveText('EACCES');
  await context.close();
  proxy.close();
});

test('a program of the desktop is not reached by its abstract name', async () => {
  const names = fs.readFileSync('/proc/net/unix', 'utf8').split('\n').map(line => line.split(' ').at(-1)!).filter(name => name.startsWith('@matinee-test'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names)
    expect(await became(new Promise((done, failed) => net.connect({ path: `\0${name.slice(1)}` }, () => done(0)).on('error', failed))), name).toBe('EACCES');
});
