import { expect, test } from '@playwright/test';

const SEATS = /* html */ `
<h1>Row A</h1>
<div onclick="
  if (event.target.ariaPressed === null) return;
  event.target.ariaPressed = event.target.ariaPressed === 'false';
  total.textContent = document.querySelectorAll('[aria-pressed=true]').length * 30 + ' €'">
  <button aria-pressed="false">1</button> <button disabled>2</button> <button aria-pressed="false">3</button>
</div>
<output id="total">0 €</output>`;

test('adds up the seats that were chosen', async ({ page }) => {
  await page.setContent(SEATS);
  const total = page.getByRole('status');

  await test.step('choose two', async () => {
    await page.getByRole('button', { name: '1' }).click();
    await page.getByRole('button', { name: '3' }).click();
    await expect(total).toHaveText('60 €');
  });
  await test.step('give one back', async () => {
    await page.getByRole('button', { name: '1' }).click();
    await expect(total).toHaveText('30 €');
  });
});

test('does not offer what is sold', async ({ page }) => {
  await page.setContent(SEATS);
  await expect(page.getByRole('button', { name: '2' })).toBeDisabled();
});
