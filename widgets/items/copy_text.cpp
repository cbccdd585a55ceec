#include "items/copy_text.h"

#include "export/c_integer.h"
#include "export/identifier.h"
#include "items/text.h"
#include "quant/fixed_point.h"

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

bool hasCodes(const CopyBlock &block)
{
    return !block.rows.empty() && !block.rows[0].empty() && block.rows[0][0].hasCode;
}

QString symbol(const CopyBlock &block) { return qs(cIdentifier(block.layer)) + u"_"_s + qs(block.slot); }

/// Bits of the smallest C type that holds every code.
int containerBits(const CopyBlock &block)
{
    int bits = 8;
    while (bits < block.format.bits)
        bits *= 2;
    return bits;
}

QString cType(const CopyBlock &block)
{
    if (!hasCodes(block))
        return u"float"_s;
    return (block.isSigned ? u"int"_s : u"uint"_s) + QString::number(containerBits(block)) + u"_t"_s;
}

QString tsv(const CopyBlock &block, ValueForm shown)
{
    QString text;
    for (const auto &row : block.rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            text += (i == 0 ? QString() : u"\t"_s) + withHyphen(elementText(row[i], block.format, shown));
        text += u'\n';
    }
    return text;
}

QString cLiteral(const Element &element, const CopyBlock &block)
{
    if (element.hasCode)
        return qs(cInteger(element.code, containerBits(block)));
    QString text = withHyphen(floatText(static_cast<double>(element.original)));
    if (!text.contains(u'.') && !text.contains(u'e'))
        text += u".0"_s;
    return text + u"f"_s;
}

QString hdlLiteral(const Element &element, const CopyBlock &block)
{
    const QString width = QString::number(block.format.bits);
    return width + (block.isSigned ? u"'sh"_s : u"'h"_s) + qs(hexWord(element.code, block.format.bits)).mid(2);
}

QString orderComment(const CopyBlock &block)
{
    return block.order.isEmpty() ? QString() : u"// in the order "_s + block.order + u"\n"_s;
}

template <class Literal> QString braced(const CopyBlock &block, const QString &open, Literal literal)
{
    QString text = orderComment(block) + open;
    for (std::size_t r = 0; r < block.rows.size(); ++r) {
        text += u"    "_s;
        for (std::size_t i = 0; i < block.rows[r].size(); ++i) {
            const bool last = r + 1 == block.rows.size() && i + 1 == block.rows[r].size();
            text += literal(block.rows[r][i]) + (last ? QString() : u","_s)
                + (i + 1 == block.rows[r].size() ? QString() : u" "_s);
        }
        text += u'\n';
    }
    return text + u"};\n"_s;
}

std::size_t elements(const CopyBlock &block)
{
    std::size_t count = 0;
    for (const auto &row : block.rows)
        count += row.size();
    return count;
}

} // namespace

QString copyText(const CopyBlock &block, CopyForm form, ValueForm shown)
{
    const QString count = QString::number(elements(block));
    if (form == CopyForm::C)
        return braced(block, u"static const "_s + cType(block) + u" "_s + symbol(block) + u"["_s + count + u"] = {\n"_s,
            [&](const Element &element) { return cLiteral(element, block); });
    if (form == CopyForm::Hdl && hasCodes(block)) {
        const QString top = QString::number(block.format.bits - 1);
        const QString kind = block.isSigned ? u"localparam logic signed ["_s : u"localparam logic ["_s;
        return braced(block, kind + top + u":0] "_s + symbol(block) + u" ["_s + count + u"] = '{\n"_s,
            [&](const Element &element) { return hdlLiteral(element, block); });
    }
    return tsv(block, shown);
}

} // namespace quantscope
