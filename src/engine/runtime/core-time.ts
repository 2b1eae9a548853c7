/**
 * WORKER THREAD. Returns for how many ms the calling thread had a core, which is much less than the elapsed time on a busy
 * machine. A Node without this figure counts all time.
 */
export const ownCoreTime: () => number =
  'threadCpuUsage' in process
    ? () => {
        const { user, system } = process.threadCpuUsage()
        return (user + system) / 1_000
      }
    : () => performance.now()
