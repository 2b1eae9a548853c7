/** Reads how many datagrams the kernel has dropped because the socket's buffer was full. Only Linux counts them. */
import { readFile } from 'node:fs/promises'

/** Returns the drops of all UDP sockets on the port since they were opened; 0 where the system does not count them. */
export async function kernelDrops(port: number): Promise<number> {
  // A service of systemd with ProcSubset=pid sees no /proc/net.
  const tables = await Promise.all(['/proc/self/net/udp', '/proc/self/net/udp6'].map(readTable))
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = tables.flatMap((table) => table.split('\n').slice(1))
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = '']) => local.endsWith(suffix))
    .reduce((sum, columns) => sum + Number(columns.at(-1)), 0)
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return ''
  }
}
