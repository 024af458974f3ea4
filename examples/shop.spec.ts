import { expect, test, type Page } from '@playwright/test';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

// A small shop, served by the test itself: the example needs no network and leaves nothing behind.
const SHOP = /* html */ `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The Curtain Call: posters and prints</title>
<style>
  :root { --ink: #22202a; --soft: #6d6878; --paper: #fbf8f3; --line: #e5ded2; --red: #b3263a; }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 Georgia, serif; }
  header { display: flex; gap: 16px; align-items: center; padding: 18px 28px; background: var(--red); color: #fff; }
  header h1 { flex: 1; margin: 0; font-size: 22px; }
  button, input { font: inherit; border-radius: 6px; border: 1px solid var(--line); padding: 8px 12px; }
  button { cursor: pointer; border-color: var(--red); background: var(--red); color: #fff; }
  header button { border-color: #fff; background: transparent; }
  main { max-width: 960px; margin: 0 auto; padding: 28px; }
  #search { width: 100%; margin-bottom: 20px; }
  ul { display: grid; grid-template-columns: repeat(3, 1fr); gap: 20px; margin: 0; padding: 0; list-style: none; }
  li { padding: 18px; border: 1px solid var(--line); border-radius: 10px; background: #fff; }
  .poster { height: 120px; margin-bottom: 12px; border-radius: 6px; }
  h2, h3 { margin: 0 0 4px; }
  .price { margin: 0 0 12px; color: var(--soft); }
  form { display: grid; gap: 14px; max-width: 420px; }
  form input { width: 100%; }
  [role=alert] { margin: 2px 0 0; color: var(--red); }
  [hidden] { display: none !important; }
  #menu { display: none; }
  @media (max-width: 600px) {
    ul { grid-template-columns: 1fr; }
    #menu { display: inline-block; }
    nav:not(.open) { display: none; }
  }
</style>
</head>
<body>
<header>
  <h1>The Curtain Call</h1>
  <button id="menu" aria-expanded="false" aria-controls="nav">Menu</button>
  <nav id="nav"><button id="show-cart">Cart (<span id="count">0</span>)</button></nav>
</header>
<main>
  <section id="shop">
    <input id="search" type="search" aria-label="Search posters" placeholder="Search posters">
    <p id="status" role="status"></p>
    <ul id="posters" aria-label="Posters"></ul>
  </section>
  <section id="checkout" hidden>
    <h2>Checkout</h2>
    <p>Total: <strong id="total" data-testid="total"></strong></p>
    <form novalidate>
      <label>Name <input name="name" autocomplete="name"></label>
      <label>Email <input name="email" type="email" autocomplete="email"></label>
      <p role="alert" hidden></p>
      <button>Place order</button>
    </form>
  </section>
  <section id="done" hidden><h2>Thank you</h2><p id="thanks"></p></section>
</main>
<script>
  const $ = (selector) => document.querySelector(selector);
  const euros = (cents) => '€' + (cents / 100).toFixed(2);
  const cart = [];
  let posters = [];

  function show(id) {
    for (const section of document.querySelectorAll('section')) section.hidden = section.id !== id;
  }

  function draw() {
    const wanted = $('#search').value.trim().toLowerCase();
    const found = posters.filter((poster) => poster.title.toLowerCase().includes(wanted));
    $('#status').textContent = found.length === 1 ? '1 poster' : found.length + ' posters';
    $('#posters').replaceChildren(...found.map((poster) => {
      const item = document.createElement('li');
      item.innerHTML = '<div class="poster"></div><h3></h3><p class="price"></p><button>Add to cart</button>';
      item.querySelector('.poster').style.background = poster.colour;
      item.querySelector('h3').textContent = poster.title;
      item.querySelector('.price').textContent = euros(poster.cents);
      item.querySelector('button').onclick = () => { cart.push(poster); $('#count').textContent = cart.length; };
      return item;
    }));
  }

  $('#search').oninput = draw;
  $('#menu').onclick = () => $('#menu').setAttribute('aria-expanded', $('#nav').classList.toggle('open'));
  $('#show-cart').onclick = () => {
    $('#total').textContent = euros(cart.reduce((sum, poster) => sum + poster.cents, 0));
    show('checkout');
  };
  $('form').onsubmit = async (event) => {
    event.preventDefault();
    const order = { ...Object.fromEntries(new FormData(event.target)), posters: cart.map((poster) => poster.id) };
    const answer = await fetch('/api/orders', { method: 'POST', body: JSON.stringify(order) });
    const said = await answer.json();
    $('[role=alert]').hidden = answer.ok;
    if (!answer.ok) { $('[role=alert]').textContent = said.error; return; }
    $('#thanks').textContent = 'Order ' + said.number + ' is on its way to ' + order.name + '.';
    show('done');
  };
  fetch('/api/posters').then((answer) => answer.json()).then((all) => { posters = all; draw(); });
</script>
</body>
</html>`;

const POSTERS = [
  { id: 1, title: 'Hamlet, 1899', cents: 2450, colour: 'linear-gradient(135deg, #22202a, #6b5a7e)' },
  { id: 2, title: 'Swan Lake, 1895', cents: 3200, colour: 'linear-gradient(135deg, #dfe9f3, #7fa3c7)' },
  { id: 3, title: 'The Tempest, 1911', cents: 1990, colour: 'linear-gradient(135deg, #0f4c5c, #9a031e)' },
  { id: 4, title: 'Carmen, 1875', cents: 2800, colour: 'linear-gradient(135deg, #b3263a, #f2a541)' },
  { id: 5, title: 'Winter Tempest', cents: 1500, colour: 'linear-gradient(135deg, #cfd9df, #46606f)' },
];

let server: Server;
let shop: string;

test.beforeAll(async () => {
  server = createServer((request, response) => {
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/api/posters') return json(200, POSTERS);
    if (request.url !== '/api/orders') return response.writeHead(200, { 'content-type': 'text/html' }).end(SHOP);
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const order = JSON.parse(body);
      if (order.posters.length === 0) return json(422, { error: 'Your cart is empty.' });
      if (!order.name) return json(422, { error: 'Please tell us your name.' });
      if (!/^\S+@\S+\.\S+$/.test(order.email)) return json(422, { error: 'That is no email address.' });
      return json(201, { number: 1001 });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shop = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

test.afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test.beforeEach(async ({ page }) => {
  await page.goto(shop);
});

const poster = (page: Page, title: string) => page.getByRole('listitem').filter({ hasText: title });

test('searching narrows the posters', async ({ page }) => {
  await test.step('the shop shows all of them', async () => {
    await expect(page.getByRole('listitem')).toHaveCount(POSTERS.length);
  });
  await test.step('a word leaves those that have it', async () => {
    await page.getByLabel('Search posters').fill('tempest');
    await expect(page.getByRole('heading', { level: 3 })).toHaveText(['The Tempest, 1911', 'Winter Tempest']);
    await expect(page.getByRole('status')).toHaveText('2 posters');
  });
  await test.step('a word that none has leaves none', async () => {
    await page.getByLabel('Search posters').fill('opera glasses');
    await expect(page.getByRole('status')).toHaveText('0 posters');
  });
});

test('posters go into the cart', async ({ page }) => {
  await test.step('two posters', async () => {
    await poster(page, 'Hamlet').getByRole('button').click();
    await poster(page, 'Carmen').getByRole('button').click();
  });
  await test.step('the cart counts and adds them up', async () => {
    await page.getByRole('button', { name: 'Cart (2)' }).click();
    await expect(page.getByTestId('total')).toHaveText('€52.50');
  });
});

test('checkout says what is missing, then takes the order', async ({ page }, testInfo) => {
  const alert = page.getByRole('alert');
  const order = page.getByRole('button', { name: 'Place order' });
  await test.step('choose a poster', async () => {
    await poster(page, 'Swan Lake').getByRole('button').click();
    await page.getByRole('button', { name: 'Cart (1)' }).click();
  });
  await test.step('a name is needed', async () => {
    await order.click();
    await expect(alert).toHaveText('Please tell us your name.');
  });
  await test.step('so is an email address', async () => {
    await page.getByLabel('Name').fill('Odette');
    await page.getByLabel('Email').fill('odette at the lake');
    await order.click();
    await expect(alert).toHaveText('That is no email address.');
  });
  await test.step('then the order is placed', async () => {
    await page.getByLabel('Email').fill('odette@lake.example');
    await order.click();
    await expect(page.getByRole('heading', { name: 'Thank you' })).toBeVisible();
    await expect(page.getByText('Order 1001 is on its way to Odette.')).toBeVisible();
  });
  await testInfo.attach('thank you', { body: await page.screenshot(), contentType: 'image/png' });
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });

  test('the cart is behind the menu', async ({ page }) => {
    const cart = page.getByRole('button', { name: 'Cart (1)' });
    await test.step('the posters stand below each other', async () => {
      const [first, second] = await page.getByRole('listitem').evaluateAll((items) =>
        items.slice(0, 2).map((item) => item.getBoundingClientRect().left),
      );
      expect(first).toBe(second);
    });
    await test.step('a tap on the menu shows the cart', async () => {
      await poster(page, 'Winter Tempest').getByRole('button').tap();
      await expect(cart).toBeHidden();
      await page.getByRole('button', { name: 'Menu' }).tap();
      await expect(cart).toBeVisible();
    });
    await test.step('and the cart leads to the checkout', async () => {
      await cart.tap();
      await expect(page.getByTestId('total')).toHaveText('€15.00');
    });
  });
});
