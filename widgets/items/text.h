#pragma once

#include "base/ids.h"
#include "tensor/index.h"

#include <QString>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

QString qs(std::string_view text);
QString qs(Slot slot); ///< its name
/// A name or sentence of a file as it is shown: on one line, without characters that steer or hide (base/text.h,
/// printable). Never to look something up by.
QString shownText(std::string_view text);
QString shownText(const QString &text);
std::string str(const QString &text);

/// -6 -> "⁻⁶".
QString superscript(int number);
/// -6 -> "2⁻⁶".
QString powerOfTwoText(int exponent);
/// A number as people read it: "-3e-05" -> "−3e−05".
QString withMinus(const QString &number);
/// As programs read it, in what is copied: "−3e−05" -> "-3e-05".
QString withHyphen(const QString &number);
/// Every "2^-6" in a text becomes "2⁻⁶", and every "-3" "−3"; not in a type or an assignment.
QString withPowers(const QString &text);
/// The same with "2^(3 - 31)" as one power and "-3.4e-10" as "−3.4·10⁻¹⁰".
QString withExponents(const QString &text);
/// 13710 -> "13,710".
QString groupedText(std::uint64_t value);
/// -133054 -> "−133,054".
QString wholeText(std::int64_t value);
/// 0.0566 -> "5.7 %"; 0 -> "0"; a share that would round to zero shows as "<0.1 %".
QString shareText(double share);
/// With this many decimals; what rounds to zero has no sign.
QString fixedText(double value, int decimals);
/// At most this many significant digits, never further from zero than the value: a limit is not promised wider than it
/// is.
QString inwardText(double value, int digits);
QString decibelText(std::optional<double> db); ///< "26.8 dB", "exact" is the caller's word for nullopt: "–"
QString byteText(std::uint64_t bytes); ///< "83.1 kB"
QString bitText(std::uint64_t bits); ///< "68.6 kbit"
QString floatText(double value); ///< shortest decimal of the float32; no zero has a sign
QString storedText(float value); ///< the same of what a file holds, a negative zero too
QString numberText(double value); ///< six significant digits; no zero has a sign
QString indexText(std::span<const std::int64_t> index); ///< "[4, 12, 0, 1]"
/// "1 element", "2 elements".
QString countText(std::uint64_t count, const QString &noun);

/// "[4, 12, 0, 1]", "4 12 0 1" or a flat "685"; nullopt outside the shape.
std::optional<std::vector<std::int64_t>> parseIndex(const QString &text, std::span<const std::int64_t> shape);

} // namespace quantscope
