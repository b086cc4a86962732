import { expect, test } from "../fixtures.js";

test("the browser takes over: the button asks without a new page", async ({ page }) => {
  await page.goto("/");
  await page.waitForLoadState("networkidle");
  let documents = 0;
  page.on("request", (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  const asked = page.waitForResponse((response) => response.url().includes("/_rpc/status"));
  await page.getByRole("button", { name: "Check again" }).click();
  expect((await asked).status()).toBe(200);
  await expect(page.getByRole("status")).toHaveText("Connected to test");
  expect(documents).toBe(0);
});
