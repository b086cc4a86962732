// Every spec runs in Debian's Chromium with and without JavaScript, and on a phone; what needs JavaScript is called
// *.hydrate.spec.js.
import { defineConfig, devices } from "@playwright/test";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A camera that shows something.
  "--use-fake-device-for-media-stream",
];
const launchOptions = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args };
// A colour in the middle of its transition is no colour of ours.
const contextOptions = { reducedMotion: "reduce" };
const desktop = { ...devices["Desktop Chrome"], launchOptions, contextOptions };
const phone = { ...devices["Pixel 7"], launchOptions, contextOptions };

export default defineConfig({
  testDir: "specs",
  globalSetup: "./service.js",
  forbidOnly: Boolean(process.env.CI),
  // One waits for the homeserver while another one is drawn.
  workers: 2,
  // Several pages, axe and a homeserver on two cores: two minutes are enough even where somebody else works on them as well.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  projects: [
    { name: "with JavaScript", use: desktop },
    { name: "without JavaScript", use: { ...desktop, javaScriptEnabled: false }, testIgnore: /\.hydrate\.spec\.js$/ },
    { name: "on a phone", use: phone },
  ],
});
