// Shows what it was given in every way that a test has: what must not show is looked for in all that is left of it.
import { test, expect } from '@playwright/test';
import http from 'node:http';
import zlib from 'node:zlib';
import fs from 'node:fs';

const GIVEN = ['HUSH', 'LONG', 'PEM', 'PLAIN'].map(name => process.env[name]!);

/** All that is commonly done to a text. */
function written(text: string): string[] {
  const json = JSON.stringify(text);
  return [
    text, json, JSON.stringify(json), json.replaceAll('/', '\\/'),
    json.replace(/[^\x20-\x7e]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0')),
    encodeURIComponent(text), encodeURI(text), String(new URLSearchParams({ a: text })), encodeURIComponent(encodeURIComponent(text)),
    new URL('http://a/?' + new URLSearchParams({ b: text })).href, new URL(`http://a/?c=${text}`).href,
    ...['', 'x', 'xy', 'user:'].flatMap(before => [
      Buffer.from(before + text + '\n').toString('base64'), Buffer.from(before + text).toString('base64url'),
    ]),
    Buffer.from(text).toString('hex'),
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  ];
}

/** Answers with all that it was asked. */
async function mirror(): Promise<{ url: string, close: () => void }> {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', piece => { body += piece; });
    request.on('end', () => {
      response.setHeader('set-cookie', `session=${encodeURIComponent(GIVEN[0])}`);
      response.setHeader('x-token', GIVEN[1]);
      if (request.url!.startsWith('/zipped')) {
        response.setHeader('content-encoding', 'gzip');
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(zlib.gzipSync(`<meta charset=utf-8><p>${GIVEN.join('<br>')}`));
      } else {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ url: request.url, headers: request.headers, body, given: GIVEN }));
      }
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

test.describe(`of ${GIVEN[0]}`, () => {
  test(`prints ${GIVEN[1]}`, async ({}, info) => {
    for (const text of GIVEN) {
      for (const form of written(text)) {
        console.log(`a test says ${form} here`);
        console.error({ nested: { form } });
      }
      for (const at of [1, 3, Math.floor(text.length / 2)]) {
        process.stdout.write('in two pieces: ' + text.slice(0, at));
        await new Promise(done => setTimeout(done, 40));
        process.stdout.write(text.slice(at) + '\n');
      }
    }
    process.stdout.write(`without an end: ${GIVEN[0]}`);
    info.annotations.push({ type: GIVEN[0], description: GIVEN.join(' ') });
    await test.step(`steps with ${GIVEN[0]} and ${GIVEN[1]}`, async () => {});
  });

  test('types, sends and stores', async ({ page, browser }, info) => {
    const { url, close } = await mirror();
    const context = await browser.newContext({ recordHar: { path: info.outputPath('all.har'), content: 'embed' } });
    const recorded = await context.newPage();
    for (const each of [page, recorded]) {
      each.on('console', message => console.log('page:', message.text()));
      await each.goto(`${url}/zipped?q=${encodeURIComponent(GIVEN[0])}`);
      for (const text of GIVEN) {
        await each.setContent(`<form action="${url}/form" method=post><textarea name=a></textarea><input name=b type=password><button>go</button></form>`);
        await each.locator('textarea').fill(text);
        await each.locator('input').pressSequentially(text.replaceAll('\n', ' '));
        await each.locator('button').click();
        await expect(each.locator('body')).toContainText('url');
        await each.evaluate(async ([url, text]) => {
          document.title = text;
          console.log('typed', text, [text], { text });
          await fetch(url + '/json', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ text, again: btoa(unescape(encodeURIComponent(text))) }) });
        }, [url, text]);
      }
      await each.goto(`${url}/zipped`);
      await each.evaluate(given => given.forEach((text, n) => { localStorage.setItem(`k${n}`, text); document.cookie = `c${n}=${encodeURIComponent(text)}`; }), GIVEN);
      await each.screenshot({ path: info.outputPath('shot.png') });
      await each.request.post(`${url}/api`, { headers: { authorization: 'Basic ' + Buffer.from('ada:' + GIVEN[0]).toString('base64') }, data: { given: GIVEN } });
    }
    await info.attach('state', { body: JSON.stringify(await context.storageState()), contentType: 'application/json' });
    await context.close();
    await info.attach('har', { path: info.outputPath('all.har'), contentType: 'application/json' });
    await info.attach(`named ${GIVEN[0]}`, { body: GIVEN.join('\n'), contentType: 'text/plain' });
    await info.attach('long', { body: ('x'.repeat(997) + GIVEN.join('\n')).repeat(200), contentType: 'text/plain' });
    await info.attach('gzip', { body: zlib.gzipSync(zlib.gzipSync(GIVEN.join('\n'))), contentType: 'application/gzip' });
    await info.attach('wide', { body: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(GIVEN.join('\n'), 'utf16le')]), contentType: 'text/plain' });
    await info.attach('brotli in the name only', { body: Buffer.from(GIVEN.join('\n')), contentType: 'application/octet-stream' });
    await info.attach('zstd', { body: zlib.zstdCompressSync(Buffer.from(GIVEN.join('\n'))), contentType: 'application/zstd' });
    await info.attach('print', { body: await page.pdf(), contentType: 'application/pdf' });
    fs.writeFileSync(info.outputPath('page.html'), `<meta charset=utf-8><pre>${GIVEN.join('\n')}</pre>`);
    await info.attach('page', { path: info.outputPath('page.html'), contentType: 'text/html' });
    close();
  });

  for (const [number, text] of GIVEN.entries()) {
    test(`fails with ${number}`, async ({ page }) => {
      await page.setContent(`<p>${text}</p><input value="${text.replaceAll('"', '&quot;')}">`);
      expect.soft(text).toBe('something else');
      expect.soft({ deep: [text] }).toEqual({ deep: [] });
      await expect.soft(page.locator('input')).toHaveValue('nothing', { timeout: 50 });
      throw new Error(`it was ${text}, or ${encodeURIComponent(text)}, or ${Buffer.from(text).toString('base64')}`);
    });
  }
});
