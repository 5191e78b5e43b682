/**
 * A folder as the storage of clients: a file each, whose name says which process has it. To take a file that nobody has any more is to
 * rename it, which one of several who try can do. For processes of one machine; a file is renamed into place when it is written.
 *
 *   SERVER-ID.OWNER.opstream        OWNER: 0 for nobody, or a process: its number and when it began, where the system tells that
 *   SERVER-ID.unreadable            set aside
 */
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { readFileSync, renameSync } from 'node:fs';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';

const NOBODY = '0';
const me = ownerOf(process.pid);
const held = new Set(); // ids of the files that this copy of the module has; a worker, or another copy, has others of the same process

export function fileStorage(folder) {
  const server = (name) => createHash('sha256').update(name).digest('hex').slice(0, 16);

  /** The ids of a server's files that nobody has, with the names they have now. */
  const free = async (name) => {
    await mkdir(folder, { recursive: true });
    const files = [];
    for (const file of await readdir(folder)) {
      const [, id, owner, part] = new RegExp(`^${server(name)}-([0-9a-f-]+)\\.([0-9-]+)\\.opstream(\\.part)?$`).exec(file) ?? [];
      if (id === undefined || isHeld(owner)) continue;
      if (part === undefined) files.push([id, file]);
      else await rm(join(folder, file), { force: true }); // of a process that ended while it wrote
    }
    return files;
  };

  const slot = (name, id) => {
    const path = join(folder, `${server(name)}-${id}.${me}.opstream`);
    return {
      load: () => readIfThere(path),
      save: (bytes) => replace(folder, path, bytes),
      setAside: () => rename(path, join(folder, `${server(name)}-${randomUUID()}.unreadable`)),
      remove: () => rm(path, { force: true }),
      release() {
        if (!held.delete(id)) return;
        try {
          renameSync(path, join(folder, `${server(name)}-${id}.${NOBODY}.opstream`));
        } catch {} // nothing was ever saved; or it stays with this process's name, and whoever looks sees that it has ended
      },
    };
  };

  /** Undefined: somebody else was faster. */
  const take = async (name, [id, file]) => {
    if (held.has(id)) return undefined;
    held.add(id);
    try {
      await rename(join(folder, file), join(folder, `${server(name)}-${id}.${me}.opstream`));
      return slot(name, id);
    } catch (error) {
      held.delete(id);
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }
  };

  return {
    async claim(name) {
      for (const file of await free(name)) {
        const taken = await take(name, file);
        if (taken !== undefined) return taken;
      }
      const id = randomUUID();
      held.add(id);
      return slot(name, id);
    },

    /** Every file is somebody's documents: those that nobody has are brought home. */
    async orphans(name) {
      const slots = [];
      for (const file of await free(name)) {
        const taken = await take(name, file).catch(() => undefined); // another time
        if (taken !== undefined) slots.push(taken);
      }
      return slots;
    },
  };
}

async function readIfThere(path) {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** On the disk when it resolves, the new name of the file too: it would survive a power cut. */
async function replace(folder, path, bytes) {
  const part = `${path}.part`;
  await write(part, 'w', (file) => file.writeFile(bytes));
  await rename(part, path);
  await write(folder, 'r', () => {}).catch(() => {}); // not every system syncs folders
}

async function write(path, flags, what) {
  const file = await open(path, flags);
  try {
    await what(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Numbers of processes come again, after a restart of a container often the very same: when it began tells them apart. */
function ownerOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid}-${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid}-0`;
  }
}

function isHeld(owner) {
  const pid = Number.parseInt(owner, 10);
  if (owner === me) return true;
  if (owner === NOBODY || pid === process.pid || ownerOf(pid) !== owner) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
