#include "items/problem_model.h"

#include "items/text.h"

#include <QRegularExpression>
#include <QStringList>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::size_t kMostUnfolded = 12; ///< findings of one rule that are shown without being asked for

QString problemText(std::string_view text)
{
    static const std::array<std::pair<QRegularExpression, QString>, 5> kWays{
        {{QRegularExpression(u"--tensors lists all$"_s), u"in a terminal, quantscope inspect --tensors lists all"_s},
            {QRegularExpression(u": --part .+ takes it$"_s), u": the choice 'part of the file' takes it"_s},
            {QRegularExpression(u"'quantscope recipe' prints it"_s), u"the page Recipe shows it"_s},
            {QRegularExpression(u" \\('quantscope recipe --printer'\\)"_s), u" (Copy the Python, above)"_s},
            {QRegularExpression(u"'quantscope compare' shows"_s), u"the page Compare shows"_s}}};
    QString out = withPowers(shownText(text));
    for (const auto &[commandLine, window] : kWays)
        out.replace(commandLine, window);
    return out;
}

static bool sameFinding(const Finding &a, const Finding &b)
{
    return a.rule == b.rule && a.subject == b.subject && a.node == b.node && a.text == b.text;
}

void ProblemModel::setChecked(std::shared_ptr<const CheckedNetwork> checked)
{
    beginResetModel();
    m_checked = std::move(checked);
    gather();
    lay();
    endResetModel();
}

int ProblemModel::count(Severity severity) const
{
    return m_checked ? static_cast<int>(m_checked->result.count(severity)) : 0;
}

/// The rules of one part in the order in which they come: the worst first.
void ProblemModel::gatherRules(Part part, const std::vector<const Finding *> &findings)
{
    std::map<std::pair<Severity, std::string>, std::size_t> known;
    std::vector<std::set<LayerId>> layers(findings.size());
    const std::size_t first = m_folds.size();
    for (const Finding *finding : findings) {
        const auto [at, isNew] = known.try_emplace({finding->severity, finding->rule}, m_folds.size());
        if (isNew)
            m_folds.push_back({part, finding->rule, finding->severity, {}, 0});
        m_folds[at->second].findings.push_back(finding);
        if (finding->subject.layer)
            layers[at->second - first].insert(*finding->subject.layer);
    }
    for (std::size_t i = first; i < m_folds.size(); ++i)
        m_folds[i].layers = layers[i - first].size();
}

void ProblemModel::gather()
{
    m_folds.clear();
    m_unchecked.clear();
    if (!m_checked)
        return;
    std::vector<const Finding *> problems, notes, muted;
    for (const Finding &finding : m_checked->result.findings)
        (finding.severity == Severity::Note ? notes : problems).push_back(&finding);
    for (const Finding &finding : m_checked->muted)
        muted.push_back(&finding);
    m_unchecked = byReason(m_checked->result.unchecked);
    gatherRules(Part::Problems, problems);
    for (const auto &[part, findings] : {std::pair(Part::Notes, &notes), std::pair(Part::Muted, &muted)}) {
        if (part == Part::Muted && !m_unchecked.empty())
            m_folds.push_back({Part::Unchecked, {}, Severity::Note, {}, 0});
        if (findings->empty())
            continue;
        m_folds.push_back({part, {}, Severity::Note, *findings, 0});
        gatherRules(part, *findings);
    }
}

ProblemModel::FoldKey ProblemModel::keyOf(const Fold &fold)
{
    return {static_cast<int>(fold.part),
        fold.isPart() ? std::string() : fold.rule + ' ' + std::string(severityName(fold.severity))};
}

/// Notes alone are no reason to show an empty list.
bool ProblemModel::isFolded(const Fold &fold) const
{
    if (const auto chosen = m_chosen.find(keyOf(fold)); chosen != m_chosen.end())
        return chosen->second;
    const bool many = fold.findings.size() > kMostUnfolded;
    if (!fold.isPart())
        return many;
    return many || fold.part != Part::Notes || m_folds.front().part == Part::Problems;
}

void ProblemModel::lay()
{
    m_rows.clear();
    bool hidden = false; // the part is folded
    for (std::size_t at = 0; at < m_folds.size(); ++at) {
        const Fold &fold = m_folds[at];
        if (fold.isPart()) {
            hidden = isFolded(fold);
            m_rows.push_back({at, nullptr, nullptr, 0});
            for (const UncheckedRules &rules : m_unchecked)
                if (fold.part == Part::Unchecked && !hidden)
                    m_rows.push_back({at, nullptr, &rules, 1});
            continue;
        }
        if (hidden && fold.part != Part::Problems)
            continue;
        const int depth = fold.part == Part::Problems ? 0 : 1;
        const bool one = fold.findings.size() == 1;
        if (!one)
            m_rows.push_back({at, nullptr, nullptr, depth});
        if (one || !isFolded(fold))
            for (const Finding *finding : fold.findings)
                m_rows.push_back({at, finding, nullptr, one ? depth : depth + 1});
    }
}

bool ProblemModel::isGroup(int row) const { return !at(row).finding && !at(row).unchecked; }

bool ProblemModel::isFolded(int row) const { return isGroup(row) && isFolded(foldOf(at(row))); }

void ProblemModel::setFolded(int row, bool folded)
{
    if (!isGroup(row) || isFolded(row) == folded)
        return;
    beginResetModel();
    m_chosen[keyOf(foldOf(at(row)))] = folded;
    lay();
    endResetModel();
}

std::optional<int> ProblemModel::rowOf(const Finding &finding) const
{
    std::optional<int> group;
    for (int row = 0; row < rowCount(); ++row) {
        if (at(row).finding != nullptr && sameFinding(*at(row).finding, finding))
            return row;
        const Fold &fold = foldOf(at(row));
        if (isGroup(row) && !fold.isPart() && fold.rule == finding.rule && !group)
            group = row;
    }
    return group;
}

QString ProblemModel::textOf(int row) const
{
    const Row &shown = at(row);
    if (shown.finding != nullptr)
        return qs(findingText(*shown.finding));
    if (shown.unchecked != nullptr)
        return textIn(shown, LayerColumn) + u" not checked: "_s + textIn(shown, TextColumn) + u'\n';
    QStringList texts;
    for (const Finding *finding : foldOf(shown).findings)
        texts << qs(findingText(*finding));
    return texts.isEmpty() ? textIn(shown, TextColumn) + u'\n' : texts.join(u'\n');
}

QString ProblemModel::groupText(const Fold &fold) const
{
    const std::size_t count = fold.findings.size();
    if (!fold.isPart())
        return u"%1 × %2"_s.arg(groupedText(count), qs(fold.rule));
    std::size_t rules = 0;
    for (const UncheckedRules &one : m_unchecked)
        rules += one.rules.size();
    switch (fold.part) {
    case Part::Unchecked: return countText(rules, u"rule"_s) + u" not checked"_s;
    case Part::Muted: return groupedText(count) + u" muted by the recipe"_s;
    default: return countText(count, u"note"_s);
    }
}

QString ProblemModel::layerText(const Row &row) const
{
    if (row.unchecked != nullptr) {
        QStringList rules;
        for (const std::string &rule : row.unchecked->rules)
            rules << qs(rule);
        return rules.join(u", "_s);
    }
    if (row.finding != nullptr) {
        const std::string &name = subjectName(*m_checked->network, row.finding->subject);
        if (!name.empty() || !row.finding->node)
            return name.empty() ? u"file"_s : shownText(name);
        const FlowNode &node = m_checked->network->flow.node(*row.finding->node);
        return shownText(node.name.empty() ? node.opType : node.name);
    }
    const std::size_t layers = foldOf(row).layers;
    return layers > 0 ? countText(layers, u"layer"_s) : QString();
}

QString ProblemModel::textIn(const Row &row, int column) const
{
    const Fold &fold = foldOf(row);
    switch (column) {
    case SeverityColumn:
        return row.finding != nullptr                   ? qs(severityName(row.finding->severity))
            : fold.part == Part::Unchecked              ? u"not checked"_s
            : fold.isPart() && fold.part == Part::Muted ? u"muted"_s
                                                        : qs(severityName(fold.severity));
    case LayerColumn: return layerText(row);
    default:
        return row.finding != nullptr  ? problemText(row.finding->text)
            : row.unchecked != nullptr ? problemText(row.unchecked->why)
                                       : groupText(fold);
    }
}

QString ProblemModel::more(const Row &row) const
{
    if (row.finding == nullptr)
        return {};
    QStringList lines;
    if (!row.finding->fix.empty())
        lines << u"do: "_s + problemText(row.finding->fix);
    if (row.finding->source != kSaidByFile)
        lines << u"from: "_s + shownText(row.finding->source);
    return lines.join(u'\n');
}

QString ProblemModel::tipOf(const Row &row) const
{
    if (row.finding == nullptr)
        return row.unchecked != nullptr ? layerText(row) + u'\n' + textIn(row, TextColumn)
                                        : groupText(foldOf(row)) + u": Enter or a click folds and unfolds them"_s;
    QString out = textIn(row, SeverityColumn) + u", rule "_s + qs(row.finding->rule)
        + (foldOf(row).part == Part::Muted ? u", muted by the recipe\n"_s : u"\n"_s);
    if (const QString layer = layerText(row); layer != u"file")
        out += layer + u'\n';
    const QString rest = more(row);
    return out + textIn(row, TextColumn) + (rest.isEmpty() ? QString() : u'\n' + rest);
}

QVariant ProblemModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row &row = at(index.row());
    const Fold &fold = foldOf(row);
    switch (role) {
    case Qt::DisplayRole: return textIn(row, index.column());
    case kValueRole: return static_cast<int>(row.finding != nullptr ? row.finding->severity : fold.severity);
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole: return tipOf(row);
    case SeverityRole: return fold.part == Part::Unchecked ? u"unchecked"_s : textIn(row, SeverityColumn);
    case GroupRole: return isGroup(index.row());
    case FoldedRole: return isFolded(index.row());
    case DepthRole: return row.depth;
    case MoreRole: return more(row);
    case MutedRole: return fold.part == Part::Muted;
    default: return {};
    }
}

QVariant ProblemModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const std::array<QString, NUM_COLUMNS> kTitles{u"Severity"_s, u"Layer"_s, u"Problem"_s};
    const bool titled = orientation == Qt::Horizontal && role == Qt::DisplayRole && section >= 0;
    return titled && section < NUM_COLUMNS ? QVariant(kTitles[static_cast<std::size_t>(section)]) : QVariant();
}

} // namespace quantscope
