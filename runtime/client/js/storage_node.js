/** A folder as the storage of clients: a file each, renamed into place; a lock file names the process that has it. */
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';

const held = new Set(); // lock files of this process

export function fileStorage(folder) {
  const of = (name) => createHash('sha256').update(name).digest('hex').slice(0, 16);
  const list = async (name) => {
    await mkdir(folder, { recursive: true });
    return (await readdir(folder)).filter((file) => file.startsWith(`${of(name)}-`) && file.endsWith('.opstream'));
  };
  return {
    async claim(name) {
      for (const file of await list(name)) {
        const release = await take(join(folder, file));
        if (release !== undefined) return slot(join(folder, file), release);
      }
      const path = join(folder, `${of(name)}-${randomUUID()}.opstream`);
      return slot(path, await take(path));
    },

    /** Every file is somebody's documents: those that nobody holds are brought home. */
    async orphans(name) {
      const slots = [];
      for (const file of await list(name)) {
        const release = await take(join(folder, file));
        if (release !== undefined) slots.push(slot(join(folder, file), release));
      }
      return slots;
    },
  };
}

function slot(path, release) {
  return {
    async load() {
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    /** On the disk when it resolves: it would survive a power cut, too. */
    async save(bytes) {
      const part = `${path}.part`, file = await open(part, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, path);
    },
    setAside: () => rename(path, `${path}.unreadable`),
    remove: () => rm(path, { force: true }),
    release,
  };
}

/** A function that gives it back; undefined: a process that lives has it. */
async function take(path) {
  const lock = `${path}.lock`;
  if (held.has(lock)) return undefined;
  held.add(lock);
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST' || (await isHeld(lock))) {
      held.delete(lock);
      if (error.code !== 'EEXIST') throw error;
      return undefined;
    }
    await writeFile(lock, String(process.pid)); // whoever had it is gone
  }
  return () => {
    held.delete(lock);
    rmSync(lock, { force: true });
  };
}

async function isHeld(lock) {
  try {
    const pid = Number(await readFile(lock, 'utf8'));
    if (pid === process.pid) return false; // of an earlier process with the same number: this one holds what is in `held`
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
