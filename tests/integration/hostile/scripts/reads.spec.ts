import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, expect } from '@playwright/test';

const { ELSEWHERE, SECRET } = process.env as Record<string, string>;

const read = (file: string) => {
  try {
    const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const room = Buffer.alloc(65_536);
    try {
      return room.toString('latin1', 0, fs.readSync(descriptor, room, 0, room.length, 0));
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code!;
  }
};
const list = (folder: string) => {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
};
const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
const pids = list('/proc').filter(name => /^\d+$/.test(name));

// Outside of bubblewrap, which names the machine so, some of this would do what it tries.
test.beforeAll(() => expect(os.hostname()).toBe('matinee'));

test('the environment is what the run was given', async () => {
  const ours = ['CI', 'HOME', 'LANG', 'PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'FONTCONFIG_FILE', 'TZ', 'PWD', 'FORCE_COLOR', 'DEBUG_COLORS', 'ELSEWHERE', 'SECRET'];
  const others = Object.keys(process.env).filter(name => !ours.includes(name) && !/^(MATINEE_HEAP_MB$|PLAYWRIGHT_|PWTEST_|PW_|NODE_|TEST_)/.test(name));
  expect(others).toEqual([]);
});

test('no process of ours is seen, and no ancestor’s environment', async () => {
  for (const pid of pids) {
    expect(read(`/proc/${pid}/cmdline`)).not.toMatch(/supervisor|local\.|awslambdaric/);
    expect(read(`/proc/${pid}/environ`)).not.toContain(SECRET);
  }
  expect(read(`/proc/${process.ppid}/status`)).not.toMatch(/python/i);
});

test('no ancestor’s memory is read or written', async () => {
  for (const file of ['mem', 'maps', 'stack', 'syscall'])
    expect(read(`/proc/1/${file}`), file).toMatch(/^(EACCES|EPERM|EIO|ENOENT|ESRCH)$/);
  expect(() => fs.openSync('/proc/1/mem', 'r+')).toThrow();
});

test('no other root, folder or file is reached through a process', async () => {
  for (const pid of pids) {
    for (const way of [`/proc/${pid}/root`, `/proc/${pid}/cwd`])
      expect(list(way).filter(name => ['home', 'root', 'boot', 'srv', 'mnt'].includes(name)), way).toEqual([]);
    for (const descriptor of list(`/proc/${pid}/fd`))
      expect(read(`/proc/${pid}/fd/${descriptor}/../../etc/shadow`)).not.toContain('root:');
  }
});

test('another run’s folder and the state folder are not there', async () => {
  expect(fs.existsSync(ELSEWHERE)).toBe(false);
  expect(fs.existsSync(path.dirname(ELSEWHERE))).toBe(false);
  expect(list('/tmp').filter(name => name.startsWith('matinee'))).toEqual([]);
  expect(list(path.dirname(os.homedir())).filter(name => name.startsWith('matinee-run'))).toEqual([]);
});

test('nothing personal is there', async () => {
  for (const file of ['/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/root/.bashrc', '/root/.ssh', '/home', '/var/log', '/var/lib', '/srv', '/boot'])
    expect([read(file), ...list(file)], file).toEqual(['ENOENT']);
});

test('no door to the machine is there', async () => {
  for (const file of ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock', '/run/user', '/run/dbus', '/run/systemd', '/tmp/.X11-unix', '/sys', '/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/vda', '/dev/fuse', '/dev/kvm', '/dev/net/tun'])
    expect(fs.existsSync(file), file).toBe(false);
  expect(list('/dev').filter(name => !/^(console|core|fd|full|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|urandom|zero|mqueue)$/.test(name))).toEqual([]);
});

test('what runs us cannot be changed', async () => {
  const runtime = path.dirname(path.dirname(process.execPath));
  const places = [
    process.execPath, `${runtime}/runner/host.cjs`, `${runtime}/runner/playwright.config.cjs`, `${runtime}/node_modules/playwright/package.json`,
    ...list(process.env.NODE_COMPILE_CACHE!).flatMap(name => list(`${process.env.NODE_COMPILE_CACHE}/${name}`).slice(0, 1).map(file => `${process.env.NODE_COMPILE_CACHE}/${name}/${file}`)),
  ];
  expect(places.length).toBeGreaterThan(4);
  for (const file of places)
    expect(() => fs.openSync(file, 'r+'), file).toThrow(/EROFS|EACCES|ETXTBSY|EPERM/);
  for (const folder of [runtime, `${runtime}/runner`, `${runtime}/browsers`, process.env.NODE_COMPILE_CACHE!, '/usr/bin', '/etc', '/', '/run', '/dev', '/proc/sys/kernel'])
    expect(() => fs.writeFileSync(`${folder}/matinee-was-here`, 'x'), folder).toThrow();
});

test('the machine’s settings cannot be changed', async () => {
  for (const file of ['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/randomize_va_space', '/proc/sys/net/ipv4/ip_forward', '/proc/sysrq-trigger', '/proc/1/oom_score_adj', '/etc/hosts', '/etc/resolv.conf'])
    expect(() => fs.writeFileSync(file, '1'), file).toThrow();
});

test('nobody becomes somebody else', async () => {
  const status = read('/proc/self/status');
  expect(status).toMatch(/^CapEff:\t0+$/m);
  expect(status).toMatch(/^CapPrm:\t0+$/m);
  expect(status).toMatch(/^CapBnd:\t0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  expect(process.getuid!()).not.toBe(0);
  for (const [program, ...args] of [['su', '-c', 'id'], ['sudo', '-n', 'id'], ['newgrp', 'root'], ['setpriv', '--reuid=0', 'id'], ['chroot', '/tmp', '/bin/sh']])
    expect(run(program, ...args).stdout ?? '', program).not.toMatch(/uid=0/);
  expect(() => process.setuid!(0)).toThrow();
});

test('no namespace, mount or device is made', async () => {
  for (const [program, ...args] of [['unshare', '--user', '--map-root-user', 'id'], ['unshare', '--mount', 'id'], ['unshare', '--net', 'id'], ['nsenter', '--target', '1', '--mount', 'id'],
    ['mount', '-t', 'tmpfs', 'none', '/tmp'], ['mount', '--bind', '/usr', '/tmp'], ['umount', '/etc/passwd'], ['mknod', `${os.homedir()}/sda`, 'b', '8', '0']]) {
    const tried = run(program, ...args);
    expect([tried.error?.message ?? '', tried.status], `${program} ${args}`).not.toEqual(['', 0]);
  }
});

test('a set-uid program of one’s own has no more rights', async () => {
  const own = `${os.homedir()}/own`;
  fs.copyFileSync('/usr/bin/id', own);
  fs.chmodSync(own, 0o6755);
  expect(run(own).stdout).toContain(`uid=${process.getuid!()}`);
  expect(run(own).stdout).not.toContain('euid=0');
});

test('no ancestor is stopped or killed', async () => {
  for (const signal of ['SIGSTOP', 'SIGKILL', 'SIGTERM', 'SIGSEGV'] as const) {
    try {
      process.kill(1, signal); // who is number 1 in here may take it for nothing
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('EPERM');
    }
  }
  await new Promise(done => setTimeout(done, 100));
  expect(read('/proc/1/status')).toMatch(/^State:\t[RS]/m);
});

test('a program without its own environment gets none of ours', async () => {
  const inherited = execFileSync('/bin/sh', ['-c', 'env; cat /proc/$PPID/environ'], { encoding: 'latin1', env: {} });
  expect(inherited).not.toContain(SECRET);
  expect(inherited).not.toMatch(/AWS_|DATABASE_URL|MATINEE_API/);
});

test('limits cannot be raised', async () => {
  const limits = read('/proc/self/limits');
  for (const [name, most] of [['Max core file size', '0'], ['Max file size', '1073741824'], ['Max processes', '1024'], ['Max open files', '4096']])
    expect(limits).toMatch(new RegExp(`^${name}\\s+${most}\\s+${most}\\s`, 'm'));
  expect(run('/bin/sh', '-c', 'ulimit -n 8192 || ulimit -u 4096 || ulimit -c unlimited').status).not.toBe(0);
});

test('file descriptors end at their limit', async () => {
  const opened: number[] = [];
  expect(() => {
    for (;;)
      opened.push(fs.openSync('/dev/null'));
  }).toThrow(/EMFILE/);
  opened.forEach(descriptor => fs.closeSync(descriptor));
  expect(opened.length).toBeLessThan(4096);
});

test('a file ends at its limit', async () => {
  const file = fs.openSync(`${os.homedir()}/long`, 'w');
  expect(() => fs.ftruncateSync(file, 2 ** 31)).toThrow(/EFBIG/);
  fs.closeSync(file);
});

test('shared memory and temporary files end at their limit', async () => {
  for (const [folder, most] of [['/dev/shm', 257], ['/tmp', 513]] as const) {
    const filled = run('dd', 'if=/dev/zero', `of=${folder}/full`, 'bs=1M', `count=${most}`);
    fs.rmSync(`${folder}/full`);
    expect(filled.stderr, folder).toMatch(/No space left on device/);
  }
});

test('threads end at their limit', async () => {
  const program = 'import threading\nfor n in range(2000):\n  try: threading.Thread(target=threading.Event().wait, daemon=True).start()\n  except RuntimeError as error: print(n, error); break';
  const threads = run('/usr/bin/python3', '-c', program);
  test.skip(threads.status === null, 'there is no Python');
  expect(threads.stdout).toMatch(/^\d{2,4} can't start new thread/);
});

test('processes end at their limit', async () => {
  const forked = run('/bin/sh', '-c', 'for i in $(seq 1500); do sleep 20 & done; echo all');
  expect(`${forked.stdout}${forked.stderr}`).toMatch(/[Cc]annot fork|Resource temporarily unavailable/);
  expect(forked.stdout).not.toContain('all');
});
