#include "report/html/html_text.h"

#include "base/text.h"

#include <algorithm>

namespace quantscope {

std::string htmlText(std::string_view text)
{
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string htmlLines(std::string_view text)
{
    std::string out;
    while (true) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out += htmlText(text.substr(0, end));
        if (end == text.size())
            return out;
        out += '\n';
        text.remove_prefix(end + 1);
    }
}

std::string htmlRow(const std::vector<std::string> &cells)
{
    std::string out = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i)
        out += i == 0 ? "<th scope=\"row\">" + cells[i] + "</th>" : "<td>" + cells[i] + "</td>";
    return out + "</tr>\n";
}

std::string htmlTable(std::string_view caption, const std::vector<std::string> &header, const std::string &rows)
{
    std::string out = "<div class=\"scroll\"><table>";
    if (!caption.empty())
        out += "<caption>" + htmlText(caption) + "</caption>";
    if (!header.empty()) {
        out += "<thead><tr>";
        for (const std::string &word : header)
            out += "<th scope=\"col\">" + htmlText(word) + "</th>";
        out += "</tr></thead>\n";
    }
    return out + "<tbody>\n" + rows + "</tbody></table></div>\n";
}

} // namespace quantscope
