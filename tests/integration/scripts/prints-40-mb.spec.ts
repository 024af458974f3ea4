import { test } from '@playwright/test';

test('prints', async () => {
  const line = 'x'.repeat(99) + '\n';
  for (let i = 0; i < 400_000; i++)
    process.stdout.write(line);
});
