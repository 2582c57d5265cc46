// Light, dark, or as the system says. Remembered here, in this browser.

const KEY = "look";
const CHOICES = ["system", "light", "dark"];

const kept = () => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
};

export const currentLook = () => (CHOICES.includes(kept()) ? kept() : "system");

export function applyLook(look = currentLook()) {
  const root = document.documentElement;
  if (look === "system") delete root.dataset.look;
  else root.dataset.look = look;
}

export function chooseLook(look) {
  try {
    localStorage.setItem(KEY, look);
  } catch {
    // A browser that keeps nothing still shows what was chosen.
  }
  applyLook(look);
}

/** What the switch offers next: the other of the two that people see. */
export function isDark() {
  const look = currentLook();
  return look === "dark" || (look === "system" && window.matchMedia("(prefers-color-scheme: dark)").matches);
}
