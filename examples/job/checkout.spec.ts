import { expect, test } from '@playwright/test';

const CHECKOUT = /* html */ `
<form onsubmit="
  event.preventDefault();
  const name = this.elements.name.value;
  answer.textContent = name ? 'Two tickets for ' + name : 'Who shall they be for?'">
  <label>Name <input name="name"></label>
  <button>Buy</button>
</form>
<p id="answer" role="status"></p>`;

// What a job's run is given with --var, every test of it can read.
const CUSTOMER = process.env.CUSTOMER ?? 'Ada';

test('sells two tickets', async ({ page }) => {
  await page.setContent(CHECKOUT);
  await page.getByLabel('Name').fill(CUSTOMER);
  await page.getByRole('button', { name: 'Buy' }).click();
  await expect(page.getByRole('status')).toHaveText(`Two tickets for ${CUSTOMER}`);
});

test('asks for a name', async ({ page }) => {
  await page.setContent(CHECKOUT);
  await page.getByRole('button', { name: 'Buy' }).click();
  await expect(page.getByRole('status')).toHaveText('Who shall they be for?');
});
