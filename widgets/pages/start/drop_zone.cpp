#include "pages/start/drop_zone.h"

#include "charts/bit_weight_painter.h"
#include "look/controls.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QGridLayout>
#include <QPainter>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

/// The picture: an arrow that ends in a six bit word.
class WordPicture : public QWidget {
public:
    WordPicture()
    {
        setFixedHeight(118);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const double middle = width() / 2.0;
        painter.setPen(QPen(colours().accent, 3.2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawLine(QPointF(middle, 4), QPointF(middle, 48));
        painter.drawPolyline(QPolygonF({QPointF(middle - 16, 33), QPointF(middle, 49), QPointF(middle + 16, 33)}));
        constexpr double block = 31;
        const double left = middle - 3 * block;
        for (int bit = 0; bit < 6; ++bit)
            paintWordBlock(painter, QRectF(left + bit * block + 2, 78, block - 4, 19),
                bit == 0 ? u"sign"_s : QString::number(bit + 1), bit == 0);
        QPen dash(colours().text, 1.6);
        dash.setDashPattern({3, 2.5});
        painter.setPen(dash);
        painter.drawLine(QPointF(left - 1, 64), QPointF(left - 1, 110));
    }
};

static QWidget *readsTable()
{
    auto *widget = new QWidget;
    auto *grid = new QGridLayout(widget);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(3);
    const std::pair<QString, QString> rows[] = {{u".pt .pth"_s, DropZone::tr("Brevitas and PyTorch checkpoints")},
        {u".safetensors"_s, DropZone::tr("and .index.json, .npy, .npz")},
        {u".onnx .xmodel"_s, DropZone::tr("QONNX, QCDQ, QDQ, QOperator, FINN")},
        {u".recipe.toml"_s, DropZone::tr("beside a checkpoint: read with it")}};
    int row = 0;
    for (const auto &[suffix, text] : rows) {
        auto *left = monoLabel(suffix);
        left->setFont(Theme::mono(0.92));
        auto *right = dimLabel(text);
        right->setWordWrap(true);
        right->setFont(Theme::sans(0.92));
        grid->addWidget(left, row, 0, Qt::AlignTop);
        grid->addWidget(right, row++, 1);
    }
    grid->setColumnStretch(1, 1);
    return widget;
}

DropZone::DropZone(QWidget *parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(22, 20, 22, 18);
    column->setSpacing(8);
    column->addStretch(2);
    column->addWidget(new WordPicture);
    auto *title = titleLabel(tr("Drop a model here"), 1.3);
    title->setAlignment(Qt::AlignCenter);
    auto *note = dimLabel(tr("anywhere in the window works"));
    note->setAlignment(Qt::AlignCenter);
    column->addWidget(title);
    column->addWidget(note);
    auto *open = textButton(tr("Open…"), tr("Choose a model file (Ctrl+O)"));
    open->setProperty("primary", true);
    connect(open, &QPushButton::clicked, this, &DropZone::chooseRequested);
    column->addWidget(open, 0, Qt::AlignHCenter);
    auto *keys = new QHBoxLayout;
    keys->setSpacing(4);
    keys->addStretch(1);
    keys->addWidget(keyCap(u"Ctrl"_s));
    keys->addWidget(keyCap(u"O"_s));
    keys->addStretch(1);
    column->addLayout(keys);
    column->addStretch(2);
    column->addWidget(ruler());
    column->addWidget(dimLabel(tr("Reads")));
    column->addWidget(readsTable());
}

void DropZone::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(colours().panel);
    painter.setPen(QPen(colours().accent, 1.2, Qt::DashLine));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.7, 0.7, -0.7, -0.7), 8, 8);
}

} // namespace quantscope
