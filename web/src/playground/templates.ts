/** Scripts to begin with. Each passes as it stands, without the internet. */

export interface Template {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly script: string;
}

const SMOKE = `import { test, expect } from '@playwright/test';

// This page is made here, so that the script runs anywhere. Yours opens with: await page.goto('/');
// set the base URL beside, and '/' is your application.
const PAGE = \`
  <title>Lighthouse Books</title>
  <nav aria-label="Main"><a href="#new">New books</a> <a href="#about">About us</a></nav>
  <main>
    <h1>Books by the sea</h1>
    <section id="new"><h2>New books</h2><ul><li>The Waves</li><li>Moby-Dick</li><li>Solaris</li></ul></section>
    <section id="about"><h2>About us</h2><p>Open every day but Monday.</p></section>
  </main>\`;

test.beforeEach(async ({ page }) => {
  await page.setContent(PAGE);
});

test('the front page shows what is new', async ({ page }) => {
  await expect(page).toHaveTitle('Lighthouse Books');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Books by the sea');
  await expect(page.locator('#new').getByRole('listitem')).toHaveCount(3);
});

test('the navigation leads somewhere', async ({ page }) => {
  const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
  for (const link of await links.all()) {
    const target = await link.getAttribute('href');
    await link.click();
    await expect(page.locator(target!)).toBeVisible();
    console.log('found', target);
  }
});
`;

const FORM = `import { test, expect } from '@playwright/test';

const PAGE = \`
  <h1>Sign up</h1>
  <form>
    <p><label>Name <input name="name" required></label></p>
    <p><label>E-mail <input name="email" type="email" required></label></p>
    <p><label>Plan <select name="plan"><option>Free</option><option>Team</option></select></label></p>
    <p><label><input name="terms" type="checkbox" required> I agree to the terms</label></p>
    <button>Create account</button>
  </form>
  <p role="status"></p>
  <script>
    document.querySelector('form').addEventListener('submit', (event) => {
      event.preventDefault();
      const given = new FormData(event.target);
      document.querySelector('[role=status]').textContent =
        'Welcome, ' + given.get('name') + '! Your plan: ' + given.get('plan') + '.';
    });
  </script>\`;

test.beforeEach(async ({ page }) => {
  await page.setContent(PAGE);
});

test('one can sign up', async ({ page }) => {
  await test.step('fill in the form', async () => {
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Plan').selectOption('Team');
    await page.getByLabel('I agree').check();
  });
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('status')).toHaveText('Welcome, Ada Lovelace! Your plan: Team.');
});

test('without an e-mail address nothing is sent', async ({ page }) => {
  await page.getByLabel('Name').fill('Ada Lovelace');
  await page.getByLabel('I agree').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByLabel('E-mail')).toHaveJSProperty('validity.valueMissing', true);
  await expect(page.getByRole('status')).toBeEmpty();
});
`;

const API = `import { createServer, type Server } from 'node:http';
import { test, expect } from '@playwright/test';

// A small API of our own. For yours, set the base URL beside, drop this, and write: request.get('/books').
let server: Server;
let url: string;

test.beforeAll(async () => {
  server = createServer((request, response) => {
    const known = request.url === '/books';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known ? [{ id: 1, title: 'The Waves' }] : { error: 'no such path' }));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = \`http://127.0.0.1:\${server.address().port}\`;
});

test.afterAll(() => server.close());

test('the API lists books', async ({ request }) => {
  const answer = await request.get(\`\${url}/books\`);
  expect(answer).toBeOK();
  expect(await answer.json()).toEqual([{ id: 1, title: 'The Waves' }]);
});

test('it says so if there is nothing', async ({ request }) => {
  const answer = await request.get(\`\${url}/films\`);
  expect(answer.status()).toBe(404);
});

test('a page shows what an API answers', async ({ page }) => {
  // Not asked in earnest: the test says what the answer is.
  await page.route('https://shop.example/api/books', (route) => route.fulfill({ json: [{ title: 'Solaris' }] }));
  await page.route('https://shop.example/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: \`<ul></ul><script>
        fetch('/api/books').then((answer) => answer.json()).then((books) => {
          document.querySelector('ul').innerHTML = books.map((book) => '<li>' + book.title + '</li>').join('');
        });
      </script>\`,
    }),
  );
  await page.goto('https://shop.example/');
  await expect(page.getByRole('listitem')).toHaveText(['Solaris']);
});
`;

const MOBILE = `import { test, expect, devices } from '@playwright/test';

// The size, the touch and the user agent of a phone.
test.use({ ...devices['Pixel 7'] });

const PAGE = \`
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <style>
    nav { display: flex; gap: 1rem } [aria-expanded=false] + nav { display: none }
    @media (min-width: 700px) { button { display: none } [aria-expanded] + nav { display: flex } }
  </style>
  <button aria-expanded="false" onclick="this.ariaExpanded = this.ariaExpanded !== 'true'">Menu</button>
  <nav><a href="#a">Books</a> <a href="#b">Events</a></nav>
  <h1>Books by the sea</h1>\`;

test.beforeEach(async ({ page }) => {
  await page.setContent(PAGE);
});

test('the menu opens with a tap', async ({ page }) => {
  await expect(page.getByRole('link', { name: 'Events' })).toBeHidden();
  await page.getByRole('button', { name: 'Menu' }).tap();
  await expect(page.getByRole('link', { name: 'Events' })).toBeVisible();
});

test('nothing is wider than the screen', async ({ page, viewport }) => {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(viewport!.width);
});
`;

const VISUAL = `import { test, expect } from '@playwright/test';

const PAGE = \`
  <style>
    body { margin: 2rem; font: 16px sans-serif }
    body.dark { background: #222; color: #eee }
    .card { width: 240px; padding: 1rem; border: 1px solid #999; border-radius: 8px }
  </style>
  <div class="card"><h2>The Waves</h2><p>Virginia Woolf</p><button>Add to basket</button></div>
  <p><button onclick="document.body.classList.toggle('dark')">Other colours</button></p>\`;

test.beforeEach(async ({ page }) => {
  await page.setContent(PAGE);
});

test('the card has the structure that it should have', async ({ page }) => {
  await expect(page.locator('.card')).toMatchAriaSnapshot(\`
    - heading "The Waves" [level=2]
    - paragraph: Virginia Woolf
    - button "Add to basket"
  \`);
});

test('dark colours look different, and back is back', async ({ page }, testInfo) => {
  const card = page.locator('.card');
  const light = await page.screenshot();
  await page.getByRole('button', { name: 'Other colours' }).click();
  const dark = await page.screenshot();
  await page.getByRole('button', { name: 'Other colours' }).click();

  expect(dark.equals(light)).toBe(false);
  expect((await card.boundingBox())!.width).toBeCloseTo(274, 0);
  await expect(page.locator('body')).toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');

  // Look at them in the report.
  await testInfo.attach('light', { body: light, contentType: 'image/png' });
  await testInfo.attach('dark', { body: dark, contentType: 'image/png' });
});
`;

export const FIRST: Template = {
  id: "smoke",
  name: "UI smoke",
  about: "A page opens, shows its heading, and its links lead somewhere",
  script: SMOKE,
};

export const TEMPLATES: readonly Template[] = [
  FIRST,
  { id: "form", name: "Form", about: "Fill in, send, and read what comes back", script: FORM },
  { id: "api", name: "API", about: "Requests without a page, and a page whose API is played", script: API },
  { id: "mobile", name: "Mobile", about: "As on a phone: its screen, its touch", script: MOBILE },
  { id: "visual", name: "Visual", about: "Structure, sizes, and screenshots in the report", script: VISUAL },
];

/** Give the template that a script is, unchanged. */
export function templateOf(script: string): Template | undefined {
  return TEMPLATES.find((each) => each.script === script);
}
