#include "items/text.h"

#include "base/text.h"

#include <QRegularExpression>
#include <QStringList>

#include <cmath>
#include <functional>

using namespace Qt::StringLiterals;

namespace quantscope {

QString qs(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

QString shownText(std::string_view text) { return qs(printable(text)); }
QString shownText(const QString &text) { return shownText(text.toStdString()); }

QString qs(Slot slot) { return qs(slotName(slot)); }
std::string str(const QString &text) { return text.toStdString(); }

QString superscript(int number)
{
    static const QString digits = u"⁰¹²³⁴⁵⁶⁷⁸⁹"_s;
    QString out;
    for (const QChar c : QString::number(number))
        out += c == u'-' ? QChar(u'⁻') : digits[c.digitValue()];
    return out;
}

QString powerOfTwoText(int exponent) { return u"2"_s + superscript(exponent); }

static QString replaced(const QString &text, const QRegularExpression &pattern,
    const std::function<QString(const QRegularExpressionMatch &)> &by)
{
    QString out;
    qsizetype from = 0;
    for (auto matches = pattern.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        out += text.mid(from, match.capturedStart() - from) + by(match);
        from = match.capturedEnd();
    }
    return out + text.mid(from);
}

QString withMinus(const QString &number) { return QString(number).replace(u'-', u'−'); }
QString withHyphen(const QString &number) { return QString(number).replace(u'−', u'-'); }

QString withPowers(const QString &text)
{
    static const QRegularExpression power(u"\\b2\\^\\(?(-?\\d+)\\)?"_s);
    static const QRegularExpression negative(u"(?<![^\\s(\\[±])-(?=\\d)|(?<=\\de)-(?=\\d)"_s);
    const QString raised = replaced(
        text, power, [](const QRegularExpressionMatch &match) { return powerOfTwoText(match.captured(1).toInt()); });
    return QString(raised).replace(negative, u"−"_s);
}

QString withExponents(const QString &text)
{
    static const QRegularExpression difference(u"\\b2\\^\\((-?\\d+) - (\\d+)\\)"_s),
        decimal(u"([-−]?)\\b(\\d+(?:\\.\\d+)?)e([+−-]?\\d+)\\b"_s);
    const QString whole = replaced(text, difference, [](const QRegularExpressionMatch &match) {
        return powerOfTwoText(match.captured(1).toInt() - match.captured(2).toInt());
    });
    return replaced(withPowers(whole), decimal, [](const QRegularExpressionMatch &match) {
        return (match.captured(1).isEmpty() ? QString() : u"−"_s) + match.captured(2) + u"·10"_s
            + superscript(match.captured(3).replace(u'−', u'-').toInt());
    });
}

QString groupedText(std::uint64_t value) { return qs(grouped(value)); }

QString wholeText(std::int64_t value)
{
    const auto bits = static_cast<std::uint64_t>(value);
    return (value < 0 ? u"−"_s : QString()) + groupedText(value < 0 ? 0 - bits : bits);
}

QString shareText(double share)
{
    if (share == 0)
        return u"0"_s;
    if (share < 0.0005)
        return u"<0.1 %"_s;
    return QString::number(share * 100, 'f', 1) + u" %"_s;
}

QString fixedText(double value, int decimals)
{
    const QString text = QString::number(value, 'f', decimals);
    return text.startsWith(u'-') && text.toDouble() == 0 ? text.mid(1) : withMinus(text);
}

QString inwardText(double value, int digits)
{
    const QString nearest = QString::number(value, 'g', digits);
    if (!std::isfinite(value) || std::abs(nearest.toDouble()) <= std::abs(value))
        return withMinus(nearest);
    const double lastPlace = std::pow(10.0, std::floor(std::log10(std::abs(value))) - digits + 1);
    return withMinus(QString::number(nearest.toDouble() - std::copysign(lastPlace, value), 'g', digits));
}

QString decibelText(std::optional<double> db) { return db ? fixedText(*db, 1) + u" dB"_s : u"–"_s; }

static QString scaledText(double value, const QString &unit)
{
    static const char *const kPrefixes[] = {"", "k", "M", "G", "T", "P"};
    std::size_t prefix = 0;
    while (value >= 999.95 && prefix + 1 < std::size(kPrefixes)) {
        value /= 1000;
        ++prefix;
    }
    const QString number = prefix == 0 ? QString::number(value, 'f', 0) : QString::number(value, 'f', 1);
    return number + u" "_s + QString::fromLatin1(kPrefixes[prefix]) + unit;
}

QString byteText(std::uint64_t bytes) { return scaledText(static_cast<double>(bytes), u"B"_s); }

QString bitText(std::uint64_t bits) { return scaledText(static_cast<double>(bits), u"bit"_s); }

QString floatText(double value) { return value == 0 ? u"0"_s : storedText(static_cast<float>(value)); }

QString storedText(float value) { return withMinus(qs(shortest(value))); }

QString numberText(double value) { return value == 0 ? u"0"_s : withMinus(QString::number(value, 'g', 6)); }

QString indexText(std::span<const std::int64_t> index)
{
    QStringList parts;
    for (const std::int64_t i : index)
        parts << QString::number(i);
    return u"["_s + parts.join(u", "_s) + u"]"_s;
}

QString countText(std::uint64_t count, const QString &noun)
{
    return groupedText(count) + u" "_s + noun + (count == 1 ? QString() : u"s"_s);
}

std::optional<std::vector<std::int64_t>> parseIndex(const QString &text, std::span<const std::int64_t> shape)
{
    static const QRegularExpression separators(u"[\\s,;\\[\\]()]+"_s);
    std::vector<std::int64_t> numbers;
    for (const QString &part : text.split(separators, Qt::SkipEmptyParts)) {
        bool ok = false;
        numbers.push_back(part.toLongLong(&ok));
        if (!ok || numbers.back() < 0)
            return std::nullopt;
    }
    std::uint64_t count = 1;
    for (const std::int64_t size : shape)
        count *= static_cast<std::uint64_t>(size);
    if (numbers.size() == 1 && shape.size() != 1)
        return static_cast<std::uint64_t>(numbers[0]) < count
            ? std::optional(unflatten(static_cast<std::uint64_t>(numbers[0]), shape))
            : std::nullopt;
    if (numbers.size() != shape.size())
        return std::nullopt;
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
        if (numbers[axis] >= shape[axis])
            return std::nullopt;
    return numbers;
}

} // namespace quantscope
