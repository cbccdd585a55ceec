#include "pages/page.h"
#include "pages/page_table.h"
#include "panels/layer_header.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "panels/top_bar.h"
#include "support.h"
#include "window/actions.h"

#include <QAbstractButton>
#include <QLabel>
#include <QTableView>
#include <QTextDocument>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

/// As it reads, lines apart by " / ".
QString plain(const QString &tip)
{
    QTextDocument document;
    document.setHtml(tip);
    QString text = tip.startsWith(u'<') ? document.toPlainText() : tip;
    return text.replace(u'\n', u" / "_s);
}

/// Every tooltip that there is to see, each once: of fields and buttons, of heads and cells of tables.
QStringList tipsOf(const QWidget &of)
{
    QStringList tips;
    const auto add = [&](const QVariant &tip) {
        if (const QString text = plain(tip.toString()); !text.isEmpty() && !tips.contains(text))
            tips << text;
    };
    for (const QWidget *widget : of.findChildren<QWidget *>())
        if (widget->isVisibleTo(&of))
            add(widget->toolTip());
    for (const QTableView *table : of.findChildren<QTableView *>()) {
        const QAbstractItemModel &model = *table->model();
        for (const Qt::Orientation orientation : {Qt::Horizontal, Qt::Vertical})
            for (int at = 0; at < (orientation == Qt::Horizontal ? model.columnCount() : model.rowCount()); ++at)
                add(model.headerData(at, orientation, Qt::ToolTipRole));
        for (int row = 0; row < std::min(16, model.rowCount()); ++row)
            for (int column = 0; column < std::min(2, model.columnCount()); ++column)
                add(model.index(row, column).data(Qt::ToolTipRole));
    }
    return tips;
}

/// Labels and buttons.
QStringList textsOf(const QWidget &of)
{
    QStringList texts;
    for (const QWidget *widget : of.findChildren<QWidget *>()) {
        const auto *label = qobject_cast<const QLabel *>(widget);
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        const QString text = label ? label->text() : button ? button->text() : QString();
        if (widget->isVisibleTo(&of) && !text.isEmpty())
            texts << text;
    }
    return texts;
}

} // namespace

/// What the window answers to 'how was this computed?' and 'what does this do?', whole.
class PageTipsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        QVERIFY(test::openAndWait(m_session, test::sample("digits_fixed.pt")));
        m_session.selectLayers({u"conv2"_s});
        QTRY_VERIFY(m_session.target().checked() != nullptr);
    }
    void init() { test::failOnWarnings(); }

    void pages_data();
    void pages()
    {
        QFETCH(int, page);
        QFETCH(QString, tips);
        const std::unique_ptr<Page> shown(pageRow(static_cast<PageId>(page)).make(m_session, nullptr));
        shown->resize(1000, 800);
        shown->show();
        shown->refreshNow();
        const auto found = [&] {
            QStringList all = tipsOf(*shown);
            all.removeAll(m_session.recipePath()); // wherever the sample lies
            return all.join(u'\n');
        };
        QTRY_COMPARE_WITH_TIMEOUT(found(), tips, 30000);
    }

    void panels()
    {
        LayersPanel layers(m_session);
        LayerHeader header(m_session);
        ProblemsPanel problems(m_session);
        TopBar bar;
        bar.setModelOpen(true);
        QStringList tips;
        for (const QWidget *panel : std::initializer_list<QWidget *>{&layers, &header, &problems, &bar})
            tips << textsOf(*panel).join(u" · "_s) << tipsOf(*panel);
        tips.replaceInStrings(m_session.path(), u"PATH"_s);
        QCOMPARE(tips,
            (QStringList{
                u"digits_fixed.pt · Brevitas state_dict · weights + biases · 13,706 · integer bits · 68.6 kbit · recipe · ✓ confirmed"_s,
                u"PATH"_s, u"Brevitas state_dict"_s,
                u"sum over the quantized tensors of elements times bits of a code"_s,
                u"every scale, zero point, width and code equals what digits_fixed_qonnx.onnx says"_s,
                u"in the order of the network"_s, u"weights + biases"_s, u"bits of a code; u means unsigned"_s,
                u"value = (code − zero point) · scale"_s, u"integer bits of the word, with the sign"_s,
                u"fractional bits of the word: −log₂ of the scale"_s,
                u"weights and biases: elements times bits of a code"_s,
                u"10 log₁₀(Σ w² / Σ e²) of the quantized against the float weights, in dB"_s,
                u"share of the weights whose code is an end of the range"_s,
                u"what is proposed for the layer and not applied"_s,
                u"codes that differ from the other model, or the field that differs"_s,
                u"problems of the layer, errors first"_s, u"quant_inp / feeds conv1"_s,
                u"conv1 / reads quant_inp / feeds relu1"_s, u"relu1 / reads conv1 / feeds conv2"_s,
                u"conv2 / reads relu1 / feeds relu2"_s, u"relu2 / reads conv2 / feeds fc1"_s,
                u"fc1 / reads relu2 / feeds relu3"_s, u"relu3 / reads fc1 / feeds fc2"_s, u"fc2 / reads relu3"_s,
                u"conv2 · Conv2d · weight 32×16×3×3 · fed by relu1 → feeds relu2 · weight · bias"_s, u"conv2"_s,
                u"Conv2d · weight 32×16×3×3 · fed by relu1 → feeds relu2"_s,
                u"Problems · 3 · nothing that every target refuses: 3 notes"_s,
                u"by the rules of 'quantscope check', which hold for every target"_s,
                u"3 notes: Enter or a click folds and unfolds them"_s,
                u"note, rule export-agrees / digits_fixed_qcdq.ts.pt agrees in 12 quantizers (conv1 = conv_1, conv2 = conv_3, fc1 = linear_6, fc2 = linear_9), matched by order, shape and values; not compared: bit width of conv1 bias, and 3 more"_s,
                u"note, rule recipe-confirmed / recipe confirmed by digits_fixed_qonnx.onnx: 12 quantizers, 13,706 codes equal"_s,
                u"note, rule point-outside-word / fc1 / fc1 weight: −1 integer bits of 4: ap_fixed<4,-1> is exact, but some tools refuse a point outside the word"_s,
                u"Open · Recipe · Compare · Export"_s, u"Open a model (Ctrl+O)"_s,
                u"Which recipe is in force, and its edits (Ctrl+7)"_s,
                u"Other quantizers for the selected layers (Ctrl+5)"_s,
                u"Write the selected layers for hardware (Ctrl+E)"_s,
                u"Words match the name or the kind, patterns the whole name as in a recipe: backbone.stages.3.*; bits<8, sat>1%, sqnr<30, params>=1k, scale=2^-6, kind:conv, problems>0; a leading - negates (Ctrl+F)"_s}));
    }

    void actions()
    {
        QStringList rows;
        for (const ActionRow &row : actionTable()) {
            QStringList keys;
            for (const QKeySequence &key : row.keys)
                keys << key.toString(QKeySequence::PortableText);
            rows << u"%1 | %2 | %3 | %4 | %5 %6"_s.arg(row.menu, row.text, keys.join(u", "_s), row.tip)
                        .arg(row.group)
                        .arg(row.needsModel);
        }
        QCOMPARE(rows,
            (QStringList{u"&File | &Open… | Ctrl+O | Open a model | 0 0"_s,
                u"&File | Open rece&nt |  | What was open before | 0 0"_s,
                u"&File | Open &recipe… | Ctrl+Shift+O | Use another recipe for this model | 0 1"_s,
                u"&File | Compare &with another model… | Ctrl+B | Open a second model beside this one, and show where they differ | 0 1"_s,
                u"&File | &Reload | F5, Ctrl+R | Read the model and its recipe again | 0 0"_s,
                u"&File | Choose &data… | Ctrl+D | What the network runs on: .npy, .npz or IDX | 1 1"_s,
                u"&File | Choose la&bels… | Ctrl+Shift+D | The labels of the data, one integer a sample | 1 1"_s,
                u"&File | R&un on data | F9 | Run the shown network, with edits that are not saved | 1 1"_s,
                u"&File | &Memory kept between runs |  | How much of what flowed stays, so that a change late in the network costs only what follows it | 1 0"_s,
                u"&File | Export &layers… | Ctrl+E | Write the selected layers for hardware | 2 1"_s,
                u"&File | &Save recipe | Ctrl+S | Write the recipe in force to its file, with its edits | 2 1"_s,
                u"&File | Save recipe &as… | Ctrl+Shift+S | Write the recipe in force to another file | 2 1"_s,
                u"&File | &Close model | Ctrl+W | Back to the start page | 3 1"_s,
                u"&File | &Quit | Ctrl+Q | Close the window | 3 0"_s,
                u"&Edit | &Undo | Ctrl+Z | Take back the last edit of the recipe | 0 1"_s,
                u"&Edit | &Redo | Ctrl+Shift+Z, Ctrl+Y | Do it again | 0 1"_s,
                u"&Edit | Confirm the selected &layers | Ctrl+K | What is assumed of their quantizers is right; it can be undone | 0 1"_s,
                u"&Edit | &Filter layers | Ctrl+F | Words, or terms such as bits<8 sat>1% | 1 1"_s,
                u"&Edit | Select &all layers | Ctrl+Shift+A | Compare, export and confirm take all of them | 1 1"_s,
                u"&Edit | The &whole model | Ctrl+0 | No layer, but the file as a whole | 1 1"_s,
                u"&Edit | &Next layer | J | The next layer of the list | 2 1"_s,
                u"&Edit | &Previous layer | K | The layer before | 2 1"_s,
                u"&Edit | J and K visit &weights only |  | Next and previous layer skip what has no weights | 2 1"_s,
                u"&Edit | Go to &layers | Ctrl+L | Keyboard focus to the list of layers | 2 1"_s,
                u"&Edit | Go to pro&blems | Ctrl+P | Keyboard focus to the problems | 2 1"_s,
                u" | Reset | Esc | Stop what runs, else clear the filter | 3 0"_s,
                u"&Edit | S&wap the two models | X | Show the second model, and compare the first with it | 4 1"_s,
                u"&Edit | Stop &comparing | Ctrl+Shift+B | The second model goes, the first stays | 4 1"_s,
                u"&View | &Overview | Ctrl+1 | One card per quantizer | 0 1"_s,
                u"&View | &Distribution | Ctrl+2 | Three histograms and the figures | 0 1"_s,
                u"&View | &Values | Ctrl+3 | Every element, in four forms | 0 1"_s,
                u"&View | &Channels | Ctrl+4 | Scales, ranges and errors per channel | 0 1"_s,
                u"&View | Co&mpare | Ctrl+5 | Other quantizers beside this one, and a sweep over bit widths | 0 1"_s,
                u"&View | &Export | Ctrl+6 | Write for hardware | 0 1"_s,
                u"&View | &Recipe | Ctrl+7 | Which recipe is in force | 0 1"_s,
                u"&View | Operators &without quantizers |  | List what the network does between its layers, in its place | 1 1"_s,
                u"&View | Layers as a &tree | Ctrl+T | The list by the parts of the names, as branches that fold; else flat, with the lines of what flows | 1 1"_s,
                u"&View | &Unfold all branches |  | Every layer of the tree is listed | 1 1"_s,
                u"&View | F&old all branches |  | The outermost branches alone are listed | 1 1"_s,
                u"&View | &Follow the system’s colours |  | Light or dark as the system says | 2 0"_s,
                u"&View | &Light |  | Light colours | 2 0"_s, u"&View | Dar&k |  | Dark colours | 2 0"_s,
                u"&Help | &Keys | F1 | All keys | 0 0"_s,
                u"&Help | &About QuantScope |  | Version and licence | 0 0"_s}));
        QStringList notes;
        for (const KeyNote &note : keyNotes())
            notes << note.keys + u" | "_s + note.text;
        QCOMPARE(notes,
            (QStringList{u"↑ ↓ | the layer above or below"_s,
                u"Shift+↑ ↓ | select several layers: Export takes all of them"_s,
                u"← → + − * | layers as a tree: fold and unfold a branch, * with all in it; ← also goes to the branch"_s,
                u"D | values: decimal, hex, binary, float"_s,
                u"E | values: one element in every form, where a narrow window hides it"_s,
                u"Ctrl+G | values: to the search"_s, u"PgUp PgDn | values: the fixed axis back and forth, with Ctrl"_s,
                u"F3 Shift+F3 | values: next and previous hit"_s,
                u"Ctrl+Return | recipe: the selected quantizers are right; with Shift all that are assumed"_s,
                u"Ctrl+C | tables: the selection as TSV with its header; charts: the picture"_s,
                u"Enter | charts: find what the bar counts, in Values; channels: find the channel"_s,
                u"Shift+← →, Ctrl+← → | bit weights: integer bits, fractional bits; with both keys the whole window; Esc: the file's type"_s,
                u"← → Home End | charts: from bar to bar, with its numbers"_s,
                u"Ctrl+Shift+P, G | charts: save as PNG, as SVG"_s,
                u"Enter | problems: go there; overview: to what feeds the layer or is fed by it; start page: open"_s,
                u"Delete | start page: forget a recent file"_s}));
    }

private:
    Session m_session;
};

void PageTipsTest::pages_data()
{
    QTest::addColumn<int>("page");
    QTest::addColumn<QString>("tips");
    const auto row = [](PageId page, const QStringList &tips) {
        QTest::newRow(qPrintable(pageRow(page).picture)) << static_cast<int>(page) << tips.join(u'\n');
    };
    row(PageId::Overview,
        QStringList{u"relu1, ReLU / relu1 act: u8, scale 2⁻⁶, zero point 0"_s,
            u"relu2, ReLU / relu2 act: u6, scale 2⁻³, zero point 0"_s,
            u"The smallest and largest sum of weight code times input code, zero points subtracted from both, over all inputs in the range of the input's quantizer, plus the bias code, whose step is that of the sums; 144 products in one sum at most, bits in two's complement / onto the next scale: factor = weight scale · input scale / output scale, as a 32-bit multiplier and a shift, and as a shift alone"_s,
            u"an index such as [4, 12, 0, 1] or a flat position such as 685"_s,
            u"−2⁻¹ + 2⁻² + 2⁻³ + 2⁻⁴ + 2⁻⁵ = −0.03125"_s, u"error = value − float: 0.44 LSB"_s,
            u"Int8WeightPerTensorFixedPoint"_s,
            u"Say a field otherwise, or take back what was said; it can be undone"_s,
            u"scale = 2⁻⁶ / computed: abs-max, power of two, ceil"_s, u"zero point = 0 / preset: symmetric"_s,
            u"bits = 6 / recipe: entry 5, bit_width = 6"_s, u"signed = yes / preset: Int8WeightPerTensorFixedPoint"_s,
            u"narrow = yes / preset: Int8WeightPerTensorFixedPoint"_s,
            u"rounding = ROUND / preset: Int8WeightPerTensorFixedPoint"_s,
            u"granularity = per tensor / computed: one scale"_s, u"Qm.n = 0.6 / computed: m = bits − n, with sign"_s,
            u"range = ±0.484375 / computed: codes −31 … 31"_s, u"LSB = 0.015625 / computed: equals the scale"_s,
            u"Int16Bias"_s, u"scale = 2⁻¹² / computed: weight scale times input scale (relu1)"_s,
            u"bits = 16 / preset: Int16Bias"_s, u"signed = yes / preset: Int16Bias"_s,
            u"narrow = no / preset: Int16Bias"_s, u"rounding = ROUND / preset: Int16Bias"_s,
            u"Qm.n = 4.12 / computed: m = bits − n, with sign"_s,
            u"range = −8 … 7.999755 / computed: codes −32,768 … 32,767"_s,
            u"LSB = 0.000244140625 / computed: equals the scale"_s, u"relu1 · Uint8ActPerTensorFixedPoint"_s,
            u"scale = 2⁻⁶ / read: scaling_impl.value = 1.4216747, log2 of the threshold"_s,
            u"bits = 8 / preset: Uint8ActPerTensorFixedPoint"_s, u"signed = no / preset: Uint8ActPerTensorFixedPoint"_s,
            u"narrow = no / preset: Uint8ActPerTensorFixedPoint"_s,
            u"rounding = ROUND / preset: Uint8ActPerTensorFixedPoint"_s, u"Qm.n = 2.6 / computed: m = bits − n"_s,
            u"range = 0 … 3.984375 / computed: codes 0 … 255"_s, u"relu2 · Uint8ActPerTensorFixedPoint"_s,
            u"scale = 2⁻³ / read: scaling_impl.value = 2.7000327, log2 of the threshold"_s,
            u"bits = 6 / recipe: entry 3, bit_width = 6"_s, u"Qm.n = 3.3 / computed: m = bits − n"_s,
            u"range = 0 … 7.875 / computed: codes 0 … 63"_s, u"LSB = 0.125 / computed: equals the scale"_s});
    row(PageId::Distribution,
        QStringList{u"holds every value exactly: 6 bits, binary point after bit 6"_s,
            u"computed: abs-max, power of two, ceil"_s, u"−log₂ of the scale, where it is a power of two"_s,
            u"±0.484375 / codes −31 … 31 times the scale"_s,
            u"10 log₁₀(Σ w² / Σ e²), e = value − float weight, summed in float64. / Σ w² = 45.4548, Σ e² = 0.0948542, largest |e| = 0.00781152"_s,
            u"0 of 4,608 codes equal an end of the range (−31 … 31); 0 were clipped: their rounded code lay beyond it"_s,
            u"261 of 4,608 weights are not zero but get the zero point as their code / a click finds them in Values"_s,
            u"38 of the 63 codes −31 … 31 occur at least once"_s,
            u"one bar is one bit of the word: how many |w| lie in [2^k, 2^(k+1))"_s,
            u"the float weights in equal bins, with the limits of the quantizer"_s,
            u"how often each integer occurs; the ends of the range are marked"_s,
            u"o = 0 of 32 · two’s complement · binary point after 0 of 6 bits · showing 144 of 4,608"_s});
    row(PageId::Values,
        QStringList{u"output channels"_s,
            u"rows: one axis; columns: one or more, the last runs fastest; fixed: one index"_s, u"input channels"_s,
            u"D goes from form to form"_s, u"an index such as [4, 12, 0, 1] or a flat position such as 685"_s,
            u"|code| >= 19, code = -3, 0x2D, w > 0.2, |w| < 2^-6, value < 0, error > 0.005, channel = 3, clipped, at limit, zeroed, not finite; beside a second model changed and |change| >= 4; 'and' joins several"_s,
            u"Previous hit (Shift+F3)"_s, u"Next hit (F3)"_s,
            u"Copy the selection, or everything in view: what the cells show, for a spreadsheet (Ctrl+C)"_s,
            u"Copy the selection, or everything in view: an array of integers"_s,
            u"Copy the selection, or everything in view: SystemVerilog literals"_s,
            u"Copy everything about this element"_s,
            u"Largest |code| of each cell, without codes the largest |value|; the darkest is the largest of the tensor; click to go there"_s});
    row(PageId::Channels,
        QStringList{u"smallest and largest float weight of each channel"_s,
            u"share of a channel's codes that equal an end of the range"_s,
            u"Enter or a double click finds the channel in Values"_s,
            u"codes that are others in the second model (B)"_s});
    row(PageId::Compare,
        QStringList{u"what other quantizers would do to the selected layers"_s,
            u"SQNR over bits, and the fewest bits of the whole network that keep it"_s,
            u"what it costs to make the scale a power of two"_s,
            u"what each width does to the network’s output and accuracy, and which it can spare"_s,
            u"A Brevitas preset with overrides (Int8WeightPerTensorFloat,bit_width=4; of activations range=max or a percentile of the data such as range=99.9), ap_fixed<W,I>, ap_ufixed<W,I>, torch_per_tensor_affine, torch_per_channel_affine, binary or ternary. Enter adds it."_s,
            u"Order of the candidates; a click on a figure's name does the same"_s,
            u"Take the chosen candidate out of the table (Delete)"_s,
            u"ap_fixed<6,-1> becomes the recipe of this layer (Enter); it can be undone (Ctrl+Z)"_s,
            u"Only candidates of which an ap_fixed holds every value: one power-of-two scale, zero point 0"_s,
            u"What the chosen candidate is drawn over"_s,
            u"how many |e| lie in each power of two; a logarithmic count"_s,
            u"how many weights become each value of the grid; a logarithmic count"_s, u"file"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6"_s, u"torch_per_channel_affine,bit_width=6"_s,
            u"Int8WeightPerChannelFloat,bit_width=6"_s, u"Int8WeightPerChannelFixedPoint,bit_width=6"_s,
            u"ShiftedUint8WeightPerTensorFloat,bit_width=6"_s, u"torch_per_tensor_affine,bit_width=6"_s,
            u"Int8WeightPerTensorFloat,bit_width=6"_s, u"ap_fixed<6,-1>"_s,
            u"Int8WeightPerTensorFixedPoint,bit_width=6"_s, u"ap_fixed<6,0>"_s, u"ap_fixed<6,1>"_s, u"ternary"_s,
            u"SignedTernaryWeightPerTensorConst"_s, u"binary"_s, u"SignedBinaryWeightPerTensorConst"_s,
            u"value = (code − zero point) · scale / Click: order the candidates by it."_s,
            u"the fixed-point type that holds every value exactly: W bits, I of them left of the binary point, the sign included / Click: order the candidates by it."_s,
            u"bits of one code / Click: order the candidates by it."_s,
            u"10 log₁₀(Σ w² / Σ e²), e = value in float32 − float weight, summed in float64 / Click: order the candidates by it."_s,
            u"mean of e² / Click: order the candidates by it."_s, u"largest |e| / Click: order the candidates by it."_s,
            u"mean of e: not zero means a bias that adds up over a layer’s inputs / Click: order the candidates by it."_s,
            u"cosine of the angle between the float weights and the values / Click: order the candidates by it."_s,
            u"codes that equal an end of the range (narrow: −2^(b−1)+1) / Click: order the candidates by it."_s,
            u"weights whose rounded code lies outside the range before it is clamped / Click: order the candidates by it."_s,
            u"weights that are not zero and get the zero point as their code / Click: order the candidates by it."_s,
            u"codes that occur at least once, of all in the range / Click: order the candidates by it."_s,
            u"elements · bits / Click: order the candidates by it."_s,
            u"one power-of-two scale and zero point 0 / Click: order the candidates by it."_s,
            u"file: scale 2⁻⁶ / value = (code − zero point) · scale"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: scale 32 scales / value = (code − zero point) · scale"_s,
            u"file: ap_fixed<W,I> <6,0> / the fixed-point type that holds every value exactly: W bits, I of them left of the binary point, the sign included"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: ap_fixed<W,I> none / the fixed-point type that holds every value exactly: W bits, I of them left of the binary point, the sign included"_s,
            u"file: bits 6 / bits of one code"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: bits 6 / bits of one code"_s,
            u"file: SQNR, dB 26.8 / Σ w² = 45.4548, Σ e² = 0.0948542 / 10 log₁₀(Σ w² / Σ e²), e = value in float32 − float weight, summed in float64"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: SQNR, dB 33.4 / Σ w² = 45.4548, Σ e² = 0.0205454 / against the file: +6.6 (the file has 26.8) / best of its row / 10 log₁₀(Σ w² / Σ e²), e = value in float32 − float weight, summed in float64"_s,
            u"file: MSE 2.06e−05 / mean of e²"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: MSE 4.46e−06 / against the file: −78 % (the file has 2.06e−05) / best of its row / mean of e²"_s,
            u"file: max |error| 0.007812 / largest |e|"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: max |error| 0.004333 / against the file: −45 % (the file has 0.007812) / best of its row / largest |e|"_s,
            u"file: mean error −1.40e−05 / mean of e: not zero means a bias that adds up over a layer’s inputs"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: mean error 1.58e−05 / against the file: +12 % (the file has −1.40e−05) / mean of e: not zero means a bias that adds up over a layer’s inputs"_s,
            u"file: cosine 0.99896 / cosine of the angle between the float weights and the values"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: cosine 0.99977 / best of its row / cosine of the angle between the float weights and the values"_s,
            u"file: at limit 0 / codes that equal an end of the range (narrow: −2^(b−1)+1)"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: at limit 76 / against the file: +76 (the file has 0) / codes that equal an end of the range (narrow: −2^(b−1)+1)"_s,
            u"file: clipped 0 / weights whose rounded code lies outside the range before it is clamped"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: clipped 0 / weights whose rounded code lies outside the range before it is clamped"_s,
            u"file: rounded to 0 261 / weights that are not zero and get the zero point as their code"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: rounded to 0 99 / against the file: −162 (the file has 261) / weights that are not zero and get the zero point as their code"_s,
            u"file: codes used 38/63 / codes that occur at least once, of all in the range"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: codes used 64/64 / codes that occur at least once, of all in the range"_s,
            u"file: memory, bits 27,648 / elements · bits"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: memory, bits 27,648 / elements · bits"_s,
            u"file: exact in ap_fixed ✓ yes / one power-of-two scale and zero point 0"_s,
            u"ShiftedUint8WeightPerChannelFloat,bit_width=6: exact in ap_fixed no, 32 scales / one power-of-two scale and zero point 0"_s,
            u"how −log₂ of the float scale per tensor becomes a whole number of fractional bits; least MSE looks at all near it"_s,
            u"SQNR against float scales per channel; against the one of the tensor where it has no others"_s});
    row(PageId::Export,
        QStringList{u"ap, ac, sc and C from one file"_s, u"one hexadecimal word a line, for $readmemh"_s,
            u"Select every layer that has a quantized tensor"_s,
            u"After writing, headers are compiled with the compilers found on this computer and memory files are read back, and every element is compared with the model"_s,
            u"Where the files are written; it is made if need be. A relative path starts beside the model"_s,
            u"Choose the folder"_s, u"Show the folder in the file manager"_s, u"Write the selected layers"_s,
            u"shown for conv2.weight"_s, u"the framework’s own"_s, u"((o*16+i)*3+h)*3+w"_s, u"height, width, in, out"_s,
            u"((h*3+w)*16+i)*32+o"_s, u"inputs innermost"_s, u"((o*3+h)*3+w)*16+i"_s, u"transposed Linear"_s,
            u"does not fit: written as source"_s, u"the first lines, as they will be written"_s});
    row(PageId::Recipe,
        QStringList{u"model.recipe.toml beside model.pt"_s, u"another file; it is remembered for this model"_s,
            u"only what the file itself says; presets are assumed where it says nothing"_s,
            u"Take back the last change (Ctrl+Z)"_s, u"Do it again (Ctrl+Shift+Z)"_s,
            u"Write the recipe with its changes; comments and order of the file stay (Ctrl+S)"_s,
            u"Another preset for the selected quantizers (Enter); it can be undone"_s,
            u"A keyword override of Brevitas, without the slot's prefix"_s,
            u"Sets the keyword for every selected quantizer (Enter in the value). It confirms that field and no other; it can be undone"_s});
}

QTEST_MAIN(PageTipsTest)
#include "tst_page_tips.moc"
