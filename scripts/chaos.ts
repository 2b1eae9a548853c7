// npm run chaos -- [--cluster]: kill -9 and other blows against what must not be lost. See chaos-daemon.ts and chaos-cluster.ts for their options.
await import(process.argv.includes('--cluster') ? './chaos-cluster.ts' : './chaos-daemon.ts')
