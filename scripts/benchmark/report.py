"""Output: tables, and goals that were missed."""


class Report:
    def __init__(self):
        self.short = []

    def heading(self, text):
        print(f"\n## {text}\n", flush=True)

    def text(self, text):
        print(f"{text}\n", flush=True)

    def head(self, *cells):
        self.row(*cells)
        self.row(*("---" for _ in cells))

    def row(self, *cells):
        print(f"| {' | '.join(map(str, cells))} |", flush=True)

    def goal(self, met, text):
        """Records a missed goal, to be repeated at the end."""
        if not met:
            self.short.append(text)
        return met

    def end(self):
        self.heading("What falls short")
        for text in self.short or ["Nothing."]:
            print(f"- {text}" if self.short else text, flush=True)


def ms(value):
    """Milliseconds, with as many digits as are significant."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
