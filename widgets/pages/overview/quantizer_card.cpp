#include "pages/overview/quantizer_card.h"

#include "look/flow_layout.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QGridLayout>
#include <QPushButton>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

/// Of what a second model has there.
static QLabel *secondLabel(const QString &role)
{
    auto *label = plainLabel();
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setObjectName(role + u"-second"_s);
    label->hide();
    return label;
}

QuantizerCard::QuantizerCard(const QString &role, QWidget *parent)
    : Card(parent)
    , m_role(role)
    , m_title(titleLabel())
    , m_subtitle(new ElidedLabel(Qt::ElideRight))
    , m_type(monoLabel())
    , m_grid(new QGridLayout)
    , m_assumed(badge(u"warning"_s))
    , m_wrong(badge(u"error"_s))
    , m_choose(textButton(tr("Choose…"), tr("Another preset for this quantizer; it can be undone")))
    , m_formulaBox(new QFrame)
    , m_second(secondLabel(role))
    , m_formula(dimLabel())
{
    m_type->setFont(Theme::mono(1.0, true));
    m_type->setObjectName(role + u"-type"_s);
    m_subtitle->setForegroundRole(QPalette::PlaceholderText);
    auto *header = new QHBoxLayout;
    header->setSpacing(8);
    header->addWidget(m_title);
    header->addWidget(m_subtitle, 1);
    header->addWidget(m_assumed);
    header->addWidget(m_wrong);
    header->addWidget(m_type);
    m_override = textButton(tr("Override…"), tr("Say a field otherwise, or take back what was said; it can be undone"));
    m_override->setProperty("link", true);
    m_override->setObjectName(role + u"-override"_s);
    connect(m_override, &QPushButton::clicked, this, [this] { Q_EMIT overrideField(m_override); });
    header->addWidget(m_override);
    box()->addLayout(header);
    m_assumed->setText(tr("▲ assumed"));
    m_assumed->setObjectName(role + u"-assumed"_s);
    m_wrong->setText(tr("■ proof differs"));
    m_wrong->setObjectName(role + u"-wrong"_s);
    box()->addWidget(makeSettle());
    m_grid->setHorizontalSpacing(10);
    m_grid->setVerticalSpacing(2);
    m_grid->setColumnStretch(3, 1);
    box()->addLayout(m_grid);
    m_formulaBox->setProperty("chip", true);
    auto *formulaLayout = new QVBoxLayout(m_formulaBox);
    formulaLayout->setContentsMargins(10, 6, 10, 6);
    m_formula->setWordWrap(true);
    m_formula->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_formula->setObjectName(role + u"-formula"_s);
    formulaLayout->addWidget(m_formula);
    box()->addStretch(1);
    box()->addWidget(m_formulaBox);
    box()->addStretch(0);
    box()->addWidget(m_second);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
}

QWidget *QuantizerCard::makeSettle()
{
    m_settle = new QWidget;
    auto *row = new FlowLayout(m_settle, 8);
    row->setContentsMargins(0, 0, 0, 0);
    m_confirm
        = textButton(tr("Confirm"), tr("What is in force here is right: it is no longer assumed. It can be undone"));
    m_python = textButton(tr("Copy the Python"),
        tr("Python that asks the live Brevitas model for every quantizer and writes the recipe with its proof, and the "
           "two lines that call it, to the clipboard"));
    m_choose->setObjectName(m_role + u"-choose"_s);
    m_confirm->setObjectName(m_role + u"-confirm"_s);
    m_python->setObjectName(m_role + u"-python"_s);
    connect(m_choose, &QPushButton::clicked, this, [this] { Q_EMIT choosePreset(m_choose); });
    connect(m_confirm, &QPushButton::clicked, this, &QuantizerCard::confirmed);
    connect(m_python, &QPushButton::clicked, this, &QuantizerCard::pythonWanted);
    for (QPushButton *button : {m_choose, m_confirm, m_python})
        row->addWidget(button);
    return m_settle;
}

/// Names of keys and nodes are long words, which wrap at their parts.
static QString wrapping(const QString &text)
{
    static constexpr qsizetype kLong = 24;
    static const QRegularExpression part(u"([/._])(?=\\w)"_s);
    QStringList words = text.split(u' ');
    for (QString &word : words)
        if (word.size() > kLong)
            word.replace(part, u"\\1\u200b"_s);
    return words.join(u' ');
}

void QuantizerCard::setRow(std::size_t row, const Fact &fact)
{
    if (row == m_rows.size()) {
        Row labels{dimLabel(), monoLabel(), plainLabel(), dimLabel()};
        labels.detail->setWordWrap(true);
        labels.detail->setMinimumWidth(88); // else a long word would hold the card wide
        labels.detail->setFont(Theme::sans(0.92));
        const int line = std::max(QFontMetrics(Theme::mono()).height(), QFontMetrics(Theme::sans()).height());
        for (QLabel *label : {labels.label, labels.value, labels.word, labels.detail})
            label->setMinimumHeight(line); // one line beside several stands beside the first
        labels.value->setTextInteractionFlags(Qt::TextSelectableByMouse);
        QWidget *widgets[] = {labels.label, labels.value, labels.word, labels.detail};
        for (int column = 0; column < 4; ++column)
            m_grid->addWidget(
                widgets[column], static_cast<int>(row), column, column < 3 ? Qt::AlignTop : Qt::Alignment());
        m_rows.push_back(labels);
    }
    const Row &labels = m_rows[row];
    labels.label->setText(fact.label);
    labels.value->setText(fact.value);
    labels.value->setObjectName(m_role + u"-"_s + QString(fact.label).replace(u' ', u'-'));
    labels.word->setText(fact.word);
    QPalette palette = labels.word->palette();
    palette.setColor(QPalette::WindowText, fact.assumed ? colours().amberText : colours().green);
    labels.word->setPalette(palette);
    labels.word->setFont(Theme::sans(1.0, fact.assumed));
    labels.detail->setText(wrapping(fact.detail));
    labels.detail->setToolTip(
        plainTip(fact.label + u" = "_s + fact.value + u"\n"_s + fact.word + u": "_s + fact.source));
}

std::array<int, 3> QuantizerCard::neededWidths() const
{
    std::array<int, 3> widths{};
    for (const Row &row : m_rows)
        if (!row.label->isHidden())
            for (const auto &[column, label] : {std::pair(0u, row.label), {1u, row.value}, {2u, row.word}})
                widths[column] = std::max(widths[column], label->sizeHint().width());
    return widths;
}

void QuantizerCard::setWidths(const std::array<int, 3> &widths)
{
    for (int column = 0; column < 3; ++column)
        m_grid->setColumnMinimumWidth(column, widths[static_cast<std::size_t>(column)]);
}

void QuantizerCard::setSecond(const QString &text)
{
    m_second->setText(text);
    m_second->setVisible(!text.isEmpty());
}

void QuantizerCard::setFacts(const SlotFacts &facts, const QString &layer, bool canChoose)
{
    m_title->setText(m_role);
    const QString shown
        = layer.isEmpty() || facts.subtitle.isEmpty() ? layer + facts.subtitle : layer + u" · "_s + facts.subtitle;
    m_subtitle->setFullText(shown);
    m_type->setText(facts.type);
    m_assumed->setVisible(facts.assumed);
    m_wrong->setVisible(!facts.contradiction.isEmpty());
    m_wrong->setToolTip(plainTip(tr("contradicted: %1").arg(facts.contradiction)));
    m_settle->setVisible((facts.assumed || !facts.contradiction.isEmpty()) && canChoose);
    m_confirm->setVisible(facts.assumed);
    m_override->setVisible(canChoose && facts.problem.isEmpty());
    for (std::size_t row = 0; row < facts.rows.size(); ++row)
        setRow(row, facts.rows[row]);
    for (std::size_t row = 0; row < m_rows.size(); ++row)
        for (QWidget *label : {m_rows[row].label, m_rows[row].value, m_rows[row].word, m_rows[row].detail})
            label->setVisible(row < facts.rows.size());
    const QString bottom = facts.problem.isEmpty() ? facts.formula : facts.problem;
    m_formula->setText(bottom);
    m_formulaBox->setVisible(!bottom.isEmpty());
    const bool empty = facts.rows.empty(); // a reason stands at the top, a formula at the bottom
    box()->setStretch(3, empty ? 0 : 1);
    box()->setStretch(5, empty ? 1 : 0);
    setAccessibleName(m_role + u" quantizer, "_s + facts.type);
}

} // namespace quantscope
