import { test } from '@playwright/test';

Promise.reject(new Error('nobody catches this'));
test('never runs', async () => {});
