/** Minutes, hours and days of the statistics: UTC, by their start. */

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

export const floorTo = (span: number, time: number): number => Math.floor(time / span) * span
