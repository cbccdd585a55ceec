#include "items/diagnostic_model.h"

#include "items/text.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <utility>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString severityText(const DiagnosticRow &row) { return qs(severityName(row.diagnostic.severity)); }

/// The text with the window's own ways on, where it names those of the command line.
static QString problemText(const Diagnostic &diagnostic)
{
    static const std::array<std::pair<QRegularExpression, QString>, 3> kWays{
        {{QRegularExpression(u"--tensors lists all$"_s), u"in a terminal, quantscope inspect --tensors lists all"_s},
            {QRegularExpression(u": --part .+ takes it$"_s), u": the choice 'part of the file' takes it"_s},
            {QRegularExpression(u"'quantscope recipe' prints it"_s), u"the page Recipe shows it"_s}}};
    QString text = withPowers(shownText(diagnostic.text));
    for (const auto &[commandLine, window] : kWays)
        text.replace(commandLine, window);
    return text;
}

QString problemQuery(const Diagnostic &diagnostic)
{
    static const std::array<std::pair<std::string_view, QString>, 3> kQueries{
        {{"saturated", u"at limit"_s}, {"not-finite", u"not finite"_s}, {"all-zero", u"code = 0"_s}}};
    for (const auto &[rule, query] : kQueries)
        if (diagnostic.rule == rule && diagnostic.subject.slot)
            return query;
    return {};
}

static std::vector<RowColumn<DiagnosticRow>> diagnosticColumns()
{
    using Row = DiagnosticRow;
    return {{u"Severity"_s, severityText,
                [](const Row &row) { return QVariant(static_cast<int>(row.diagnostic.severity)); }},
        {u"Layer"_s, [](const Row &row) { return row.subject.empty() ? u"file"_s : shownText(row.subject); }},
        {u"Problem"_s, [](const Row &row) { return problemText(row.diagnostic); }}};
}

DiagnosticModel::DiagnosticModel(QObject *parent)
    : RowModel(diagnosticColumns(), parent)
{
}

void DiagnosticModel::setInspection(const Inspection &inspection)
{
    std::vector<DiagnosticRow> rows;
    for (const Diagnostic &diagnostic : inspection.diagnostics)
        rows.push_back({diagnostic, subjectName(*inspection.network, diagnostic.subject)});
    std::stable_sort(rows.begin(), rows.end(),
        [](const DiagnosticRow &a, const DiagnosticRow &b) { return a.diagnostic.severity < b.diagnostic.severity; });
    setRows(std::move(rows));
}

int DiagnosticModel::count(Severity severity) const
{
    return static_cast<int>(std::count_if(
        rows().begin(), rows().end(), [=](const DiagnosticRow &row) { return row.diagnostic.severity == severity; }));
}

QVariant DiagnosticModel::own(const DiagnosticRow &row, int, int role) const
{
    switch (role) {
    case SeverityRole: return severityText(row);
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole:
        return severityText(row) + u", rule "_s + qs(row.diagnostic.rule) + u'\n'
            + (row.subject.empty() ? QString() : shownText(row.subject) + u'\n') + problemText(row.diagnostic);
    default: return {};
    }
}

} // namespace quantscope
