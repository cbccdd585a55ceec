#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QPalette>

namespace quantscope {

/// One surface, one line, one accent; every pair of text and surface has a contrast of at least 4.5:1.
struct Colours {
    QColor background, panel, tint, line;
    QColor text, dim;
    QColor accent, accentText, onAccent, soft; ///< fill, the same as text, text on the fill, selected rows
    QColor red, redText, amber, onAmber, amberText, green;
    QColor bar, barLight, barSign;
};

enum class ThemeChoice { System, Light, Dark };

/// The window's colours and fonts: Fusion with our palette and a few style sheet rules.
class Theme : public QObject {
    Q_OBJECT
public:
    static Theme &instance();

    /// Sets palette and style sheet of the application.
    void apply(ThemeChoice choice);
    ThemeChoice choice() const { return m_choice; }
    bool isDark() const { return m_dark; }
    const Colours &colours() const { return m_colours; }

    static const Colours &light();
    static const Colours &dark();
    static QFont mono(double factor = 1.0, bool bold = false);
    static QFont sans(double factor = 1.0, bool bold = false);

Q_SIGNALS:
    void changed();

private:
    Theme() = default;
    ThemeChoice m_choice = ThemeChoice::System;
    bool m_dark = false;
    Colours m_colours = light();
};

inline const Colours &colours() { return Theme::instance().colours(); }

/// WCAG 2.1 contrast ratio of two opaque colours.
double contrastRatio(const QColor &a, const QColor &b);

} // namespace quantscope
