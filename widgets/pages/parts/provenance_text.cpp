#include "pages/parts/provenance_text.h"

#include "items/text.h"
#include "look/theme.h"

#include <QStringList>

using namespace Qt::StringLiterals;

namespace quantscope {

QString provenanceText(const SlotQuantizer &slot)
{
    QStringList parts;
    for (const Fact &fact : provenanceLine(slot)) {
        const QColor colour = fact.assumed ? colours().amberText : colours().green;
        const QString detail = fact.detail.isEmpty() ? QString() : u" "_s + fact.detail.toHtmlEscaped();
        parts << u"%1 <span style='color:%2; font-weight:600'>%3</span>%4"_s.arg(
            fact.label, colour.name(), fact.word, detail);
    }
    if (!slot.formula.empty() && slot.quantizer)
        parts << withPowers(qs(slot.formula)).toHtmlEscaped().replace(u'\n', u" · "_s);
    return parts.join(u" · "_s);
}

} // namespace quantscope
