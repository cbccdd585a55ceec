#pragma once

#include <QFontMetrics>
#include <QHash>

namespace quantscope {

/// Widths in pixels of texts in one font, as QFontMetrics::horizontalAdvance gives them. A text is shaped once: tables
/// measure hundreds of cells after every change, and nearly all of them say what they said before. The window's own
/// thread alone may ask.
class TextWidths {
public:
    explicit TextWidths(const QFont &font);
    int of(const QString &text) const;

private:
    QFontMetrics m_metrics;
    QHash<QString, int> &m_known; ///< of every TextWidths of this font
};

} // namespace quantscope
