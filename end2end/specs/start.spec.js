import { expect, look, test } from "../fixtures.js";
import { between } from "../world.js";

for (const path of ["/", "/_synapse/client/super_invites/"]) {
  test(`${path} says what this is for, in its style, and leads on`, async ({ page }) => {
    const answer = await page.open(path);
    expect(answer.status()).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const begin = page.getByRole("link", { name: "Sign in to create an invite" });
    await expect(begin).toHaveCSS("border-top-left-radius", "12px");
    await look(page, "start");
    await begin.click();
    await expect(page).toHaveURL(`${path}sign-in`);
  });
}

test("an address that leads nowhere is a friendly 404", async ({ page }) => {
  const answer = await page.open("/nowhere");
  expect(answer.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing at this address" })).toBeVisible();
  await look(page, "not-found");
});

test("what the page is made of is loaded once", async ({ page, request }) => {
  await page.open("/");
  const style = await page.locator("link[href*='/_assets/pkg/']").evaluateAll((links) => links.map((link) => link.href));
  // The program is asked for later, by a script.
  const script = await page.locator("script[type=module]").textContent();
  const files = [...style, ...script.match(/\/[^"]+\/_assets\/pkg\/[^"]+/g).map((path) => new URL(path, page.url()).href)];
  expect(files.map((file) => file.split(".").pop()).sort()).toEqual(["css", "js", "wasm"]);
  for (const file of files) {
    const first = await request.get(file);
    expect(first.status()).toBe(200);
    expect(first.headers()["cache-control"]).toBe("public, max-age=31536000, immutable");
    const again = await request.get(file, { headers: { "if-none-match": first.headers().etag } });
    expect(again.status()).toBe(304);
    expect((await request.get(file.replace("/pkg/", "/pkg/x"))).status()).toBe(404);
  }
});

test("keys alone reach everything, and what has the focus is seen", async ({ page }) => {
  await page.open("/");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  // Nobody can do anything with all of the content, so it has no ring.
  await expect(page.getByRole("main")).toBeFocused();
  await expect(page.getByRole("main")).toHaveCSS("outline-style", "none");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  const enter = page.getByRole("link", { name: "I have a code" });
  await expect(enter).toBeFocused();
  await expect(enter).not.toHaveCSS("outline-style", "none");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Enter a code" })).toBeVisible();
});

test("while the homeserver is away, a page says so and asks for patience", async ({ page }) => {
  await between("refuse");
  try {
    const answer = await page.open("/sign-in");
    expect(answer.status()).toBe(503);
    expect(answer.headers()["retry-after"]).toBe("5");
    await expect(page.getByRole("heading", { name: "The homeserver isn’t answering" })).toBeVisible();
    await look(page, "away");
  } finally {
    await between("pass");
  }
  await page.getByRole("link", { name: "Try again" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
});
