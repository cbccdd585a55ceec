#pragma once

#include "network/neighbourhood.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace quantscope {

/// One piece of the line that says where a layer sits.
struct StripPart {
    enum class Kind {
        Link, ///< a layer of the file: walking there selects it
        Here, ///< the layer itself
        End, ///< an input or output of the network, or a layer that only the export has
        Arrow, ///< with the operators on the way; empty where there are none
        Operators, ///< beside one end alone
        More, ///< what had no room: its links
    };
    Kind kind = Kind::Link;
    QString text; ///< the name, whole; operators
    QString type; ///< "u8 · 2⁻⁶": of what the end gives, or makes of what it gets; empty without a quantizer
    QString layer; ///< of a link: the layer's name as the file has it
    QString tip; ///< whole name, type and what is known of it, by lines
    bool differs = false; ///< its quantizer disagrees with others at a join; said in words beside the colour
    std::vector<StripPart> more = {}; ///< of More
};

/// From left to right: what feeds the layer, the operators between, the layer, what it feeds. Of each side at most
/// `most` ends, the others in a More. Empty where nothing is known.
std::vector<StripPart> stripParts(
    const Network &network, LayerId layer, const Neighbourhood &neighbourhood, std::size_t most);

/// "relu1 u8 · 2⁻⁶", "MaxPool →": as it stands in the line; a name longer than `letters` is cut in the middle.
QString stripText(const StripPart &part, int letters = 1000);
/// For screen readers: "fed by relu1, u8 · 2⁻⁶, differs".
QString stripName(const StripPart &part, bool feeds);

/// "u8 · 2⁻⁶", "i8 · 0.0123 · zero point 3", "16 scales" in the words of the list of layers, and where there is room
/// "16 scales from 0.01 to 0.5"; "?" where nothing is known.
QString gridText(const Quantizer &quantizer, bool withRanges = false);

} // namespace quantscope
