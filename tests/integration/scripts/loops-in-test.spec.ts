import { test } from '@playwright/test';

test('loops', async () => { while (true) {} });
