#include "look/text_widths.h"

#include <map>
#include <utility>

namespace quantscope {

static constexpr qsizetype kKnownTexts = 10'000; ///< of one font, before they are forgotten

/// Of the font at the resolution that it is shown with.
static QHash<QString, int> &knownWidths(const QFont &font, const QFontMetrics &metrics)
{
    static std::map<std::pair<QString, qreal>, QHash<QString, int>> known;
    QHash<QString, int> &widths = known[{font.key(), metrics.fontDpi()}];
    if (widths.size() > kKnownTexts)
        widths.clear();
    return widths;
}

TextWidths::TextWidths(const QFont &font)
    : m_metrics(font)
    , m_known(knownWidths(font, m_metrics))
{
}

int TextWidths::of(const QString &text) const
{
    if (const auto found = m_known.constFind(text); found != m_known.constEnd())
        return *found;
    return *m_known.insert(text, m_metrics.horizontalAdvance(text));
}

} // namespace quantscope
