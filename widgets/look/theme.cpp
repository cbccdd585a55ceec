#include "look/theme.h"

#include "look/style_sheet.h"

#include <QApplication>
#include <QFontDatabase>
#include <QStyle>
#include <QStyleFactory>

#include <cmath>

namespace quantscope {

const Colours &Theme::light()
{
    static const Colours c{.background = "#f4f5f7",
        .panel = "#ffffff",
        .tint = "#eef1f5",
        .line = "#dcdfe4",
        .text = "#1d2129",
        .dim = "#646b78",
        .accent = "#1f6feb",
        .accentText = "#1a63d6",
        .onAccent = "#ffffff",
        .soft = "#e6effd",
        .red = "#d1495b",
        .redText = "#c13a4d",
        .amber = "#e0a526",
        .onAmber = "#1d2129",
        .amberText = "#7c5600",
        .green = "#2a7449",
        .bar = "#3b7dd8",
        .barLight = "#a9c5ee",
        .barSign = "#1f6feb"};
    return c;
}

const Colours &Theme::dark()
{
    static const Colours c{.background = "#17191d",
        .panel = "#1f2227",
        .tint = "#292d33",
        .line = "#34383f",
        .text = "#e6e8eb",
        .dim = "#a3abb6",
        .accent = "#5aa2ff",
        .accentText = "#6fafff",
        .onAccent = "#10151c",
        .soft = "#22344d",
        .red = "#e8697a",
        .redText = "#f08a98",
        .amber = "#edbb4c",
        .onAmber = "#17191d",
        .amberText = "#edbb4c",
        .green = "#63b985",
        .bar = "#5b9bea",
        .barLight = "#3a5680",
        .barSign = "#5aa2ff"};
    return c;
}

Theme &Theme::instance()
{
    static Theme theme;
    return theme;
}

/// The system's setting, seen before our own palette replaces it; Qt 6.4 has no hint for it.
static bool systemIsDark()
{
    static const bool dark = QApplication::palette().color(QPalette::Window).lightness() < 128;
    return dark;
}

static QPalette paletteOf(const Colours &c)
{
    QPalette palette;
    palette.setColor(QPalette::Window, c.background);
    palette.setColor(QPalette::WindowText, c.text);
    palette.setColor(QPalette::Base, c.panel);
    palette.setColor(QPalette::AlternateBase, c.tint);
    palette.setColor(QPalette::Text, c.text);
    palette.setColor(QPalette::Button, c.panel);
    palette.setColor(QPalette::ButtonText, c.text);
    palette.setColor(QPalette::BrightText, c.redText);
    palette.setColor(QPalette::ToolTipBase, c.panel);
    palette.setColor(QPalette::ToolTipText, c.text);
    palette.setColor(QPalette::PlaceholderText, c.dim);
    palette.setColor(QPalette::Link, c.accentText);
    palette.setColor(QPalette::Highlight, c.soft);
    palette.setColor(QPalette::HighlightedText, c.text);
    palette.setColor(QPalette::Mid, c.line);
    palette.setColor(QPalette::Midlight, c.tint);
    palette.setColor(QPalette::Dark, c.line.darker(115));
    palette.setColor(QPalette::Light, c.panel);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, c.dim);
    return palette;
}

void Theme::apply(ThemeChoice choice)
{
    const bool systemDark = systemIsDark();
    m_choice = choice;
    m_dark = choice == ThemeChoice::Dark || (choice == ThemeChoice::System && systemDark);
    m_colours = m_dark ? dark() : light();
    if (QApplication::style()->name() != QLatin1String("fusion"))
        QApplication::setStyle(QStyleFactory::create(QStringLiteral("fusion")));
    QApplication::setPalette(paletteOf(m_colours));
    qApp->setStyleSheet(styleSheet(m_colours));
    Q_EMIT changed();
}

static QFont scaled(QFont font, double factor, bool bold)
{
    const QFont base = QApplication::font();
    if (base.pointSizeF() > 0)
        font.setPointSizeF(base.pointSizeF() * factor);
    else
        font.setPixelSize(static_cast<int>(base.pixelSize() * factor));
    font.setBold(bold);
    return font;
}

QFont Theme::mono(double factor, bool bold)
{
    static const QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    return scaled(fixed, factor, bold);
}

QFont Theme::sans(double factor, bool bold) { return scaled(QApplication::font(), factor, bold); }

static double luminance(const QColor &colour)
{
    const auto linear = [](double channel) {
        return channel <= 0.03928 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

double contrastRatio(const QColor &a, const QColor &b)
{
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

} // namespace quantscope
