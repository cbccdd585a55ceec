#include "panels/file_header.h"

#include "dialects/brevitas/proof_notes.h"
#include "items/layer_model.h"
#include "items/text.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace quantscope {

static QWidget *headerPair(QFrame *header, QLayout *row, QLabel *top, QWidget *bottom, bool expands)
{
    auto *pair = new QWidget(header);
    auto *column = new QVBoxLayout(pair);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    if (expands) {
        pair->setMinimumWidth(90);
        pair->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    }
    column->addWidget(top);
    column->addWidget(bottom);
    row->addWidget(pair);
    return pair;
}

FileHeader::FileHeader(Session &session, QWidget *parent)
    : QFrame(parent)
    , m_session(session)
{
    setProperty("panel", true);
    auto *row = new FlowLayout(this, 14);
    row->setContentsMargins(12, 8, 12, 8);
    const auto add = [this, row](QLabel *top, QWidget *bottom, bool expands) {
        return headerPair(this, row, top, bottom, expands);
    };
    m_file = new ElidedLabel(Qt::ElideMiddle);
    m_file->setForegroundRole(QPalette::PlaceholderText);
    m_dialect = new ElidedLabel(Qt::ElideRight);
    m_dialect->setFont(Theme::sans(1.0, true));
    m_weights = monoLabel();
    m_bits = monoLabel();
    m_recipe = titleLabel();
    m_weights->setFont(Theme::mono(1.0, true));
    m_bits->setFont(Theme::mono(1.0, true));
    m_dialect->setObjectName(u"header-dialect"_s);
    m_weights->setObjectName(u"header-weights"_s);
    m_bits->setObjectName(u"header-bits"_s);
    m_recipe->setObjectName(u"header-recipe"_s);
    add(m_file, m_dialect, true);
    add(dimLabel(tr("weights + biases")), m_weights, false);
    add(dimLabel(tr("integer bits")), m_bits, false);
    add(dimLabel(tr("recipe")), m_recipe, false);
    makePartChoice();
    m_partBox = add(dimLabel(tr("part of the file")), m_part, false);
    m_partBox->hide();
    connect(&Theme::instance(), &Theme::changed, this, &FileHeader::updateRecipe);
}

void FileHeader::makePartChoice()
{
    m_part = new QComboBox;
    m_part->setObjectName(u"part"_s);
    m_part->setAccessibleName(tr("Part of the file"));
    m_part->setToolTip(plainTip(tr("The file holds several sets of weights: which one is shown and exported")));
    connect(m_part, &QComboBox::activated, this, [this](int part) {
        m_session.usePart(part);
        updateParts(); // unsaved changes may have kept the one before
    });
}

void FileHeader::updateParts()
{
    m_part->clear();
    m_part->addItems(m_session.parts());
    m_part->setCurrentIndex(m_session.shownPart());
    m_partBox->setVisible(m_part->count() > 1);
}

void FileHeader::update(const LayerModel &layers)
{
    updateParts();
    const auto network = m_session.network();
    m_file->setFullText(
        network ? shownText(QFileInfo(m_session.path()).fileName()) : QString(), shownText(m_session.path()));
    m_dialect->setFullText(network ? qs(traitsOf(network->dialect).name) : QString());
    std::uint64_t elements = 0;
    std::uint64_t bits = 0;
    for (const ListedRow &row : layers.rows()) {
        if (row.onlyInSecond)
            continue;
        elements += row.parameters.value_or(0);
        bits += row.codeBits.value_or(0);
    }
    m_weights->setText(groupedText(elements));
    m_bits->setText(network ? bitText(bits) : u"…"_s);
    m_bits->setToolTip(plainTip(tr("sum over the quantized tensors of elements times bits of a code")));
    updateRecipe();
}

/// The recipe's state in a word, a sign and a colour.
void FileHeader::updateRecipe()
{
    const auto network = m_session.network();
    const ProofState proofs = network ? proofState(*network) : ProofState::None;
    const bool wrong = proofs == ProofState::Differs;
    const bool byExport = network && !network->confirmedBy.empty();
    const bool confirmed = !wrong && (byExport || proofs == ProofState::Confirmed);
    const bool assumed = !wrong && !confirmed && m_session.recipeAssumed();
    const QString state = m_session.recipeStateText();
    m_recipe->setText((assumed ? u"▲ "_s : QString()) + state);
    QPalette palette = m_recipe->palette();
    palette.setColor(QPalette::WindowText,
        wrong           ? colours().redText
            : confirmed ? colours().green
            : assumed   ? colours().amberText
                        : colours().text);
    m_recipe->setPalette(palette);
    if (wrong)
        m_recipe->setToolTip(plainTip(tr("a quantizer is not what the live model computed: see the problems")));
    else if (confirmed && !byExport)
        m_recipe->setToolTip(
            plainTip(tr("every quantizer equals what the live model computed, by the recipe's proofs")));
    else if (confirmed)
        m_recipe->setToolTip(
            plainTip(tr("every scale, zero point, width and code equals what %1 says").arg(qs(network->confirmedBy))));
    else if (proofs == ProofState::Partly)
        m_recipe->setToolTip(
            plainTip(tr("what the recipe's proofs tell equals what the live model computed; some leave "
                        "out fields or codes, and those rest on the recipe alone")));
    else
        m_recipe->setToolTip(plainTip(m_session.recipePath().isEmpty() ? tr("where the quantizers' settings come from")
                                                                       : m_session.recipePath()));
}

} // namespace quantscope
