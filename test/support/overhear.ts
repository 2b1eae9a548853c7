/** Captures what libraries print without the log. It can contain secrets, and it mixes with the output. */

const VOICES = ['log', 'info', 'warn', 'error', 'trace'] as const

export function overhearing() {
  const heard: unknown[] = []
  const originals = VOICES.map((voice) => [voice, console[voice]] as const)
  for (const voice of VOICES) console[voice] = (...said: unknown[]) => void heard.push(said)
  return {
    end: () => {
      for (const [voice, original] of originals) console[voice] = original
      return heard
    },
  }
}
