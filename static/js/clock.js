// Time as the faculty's clock shows it, whatever the reader's device thinks.

const page = document.querySelector("[data-thread]").dataset;
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: page.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const isoDay = new Intl.DateTimeFormat("en-CA", {
  timeZone: page.zone, year: "numeric", month: "2-digit", day: "2-digit",
});
const DAY = 24 * 3600 * 1000;

let ahead = 0; // of the device's clock, in milliseconds

/** The server has just told its time. */
export function set(iso) {
  const off = Date.now() - Date.parse(iso);
  // Less than that may be the way here.
  ahead = Math.abs(off) > 30_000 ? off : 0;
}

export const now = () => new Date(Date.now() - ahead);

/** 14:02 */
export const time = (moment) => clock.format(moment);

/** 2026-11-25 */
export const day = (moment) => isoDay.format(moment);

export const today = () => day(now());

export const yesterday = () => day(new Date(now().getTime() - DAY));

/** Wed 25 Nov, of 2026-11-25 */
export function dayName(iso) {
  const part = (options) =>
    new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options }).format(new Date(iso));
  return [{ weekday: "short" }, { day: "numeric" }, { month: "short" }].map(part).join(" ");
}
