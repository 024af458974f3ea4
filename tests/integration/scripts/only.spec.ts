import { test } from '@playwright/test';

test.only('alone', async () => {});
test('never runs', async () => { throw new Error('it ran'); });
