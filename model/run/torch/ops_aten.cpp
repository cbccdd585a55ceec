#include "run/torch/ops_aten.h"

#include "run/torch/boxed_call.h"

#include <algorithm>

namespace quantscope {

namespace {

/// The third argument says that it is training, where it drops at random.
OpValues evaluated(const OpCall &call)
{
    const c10::IValue training = scriptArgument(call, 2);
    if ((training.isInt() && training.toInt() != 0) || (training.isBool() && training.toBool()))
        throw RunError("it drops values at random, as in training: export the network in evaluation mode");
    return {scriptArgument(call, 0)};
}

/// Operators of libtorch that compute from their arguments alone: none reads files, starts anything, is random or
/// changes what other calls see. Those that end with an underscore change a copy.
constexpr std::string_view kAtenNames
    = "Bool Float FloatImplicit Int IntImplicit ScalarImplicit __and__ __contains__ __getitem__ __is__ __isnot__ "
      "__lshift__ __not__ __or__ __rshift__ __xor__ _convolution _convolution_mode "
      "_fake_quantize_learnable_per_channel_affine _fake_quantize_learnable_per_tensor_affine _log_softmax "
      "_native_multi_head_attention _softmax _transformer_encoder_layer_fwd _unsafe_view _upsample_nearest_exact2d "
      "abs abs_ acos acosh adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
      "adaptive_max_pool2d add add_ addbmm addcdiv addcmul addcmul_ addmm addmm_ addmv affine_grid_generator alias "
      "all amax amin aminmax any arange argmax argmin argsort asin asinh atan atan2 atanh atleast_1d avg_pool1d "
      "avg_pool2d avg_pool3d baddbmm batch_norm bitwise_and bitwise_and_ bitwise_not bitwise_or bitwise_xor bmm "
      "broadcast_tensors broadcast_to bucketize cat cdist ceil ceil_ celu celu_ chain_matmul channel_shuffle chunk "
      "clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip clip_ clone column_stack concat conj "
      "constant_pad_nd contiguous conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d "
      "convolution copy_ copysign cos cos_ cosh cosine_similarity count_nonzero cpu cross cummax cummin cumprod "
      "cumsum dequantize detach detach_ device diag diagonal diff dim div div_ divide dot dropout dropout_ dsplit "
      "dstack einsum elu elu_ embedding embedding_bag eq eq_ equal erf erfc erfinv exp exp2 exp_ expand expand_as "
      "expm1 eye fake_quantize_per_channel_affine fake_quantize_per_tensor_affine feature_dropout fill_ flatten flip "
      "fliplr flipud float_power floor floor_ floor_divide floordiv fmax fmin fmod frac frobenius_norm full "
      "full_like fused_moving_avg_obs_fake_quant gather ge gelu gelu_ glu greater greater_equal grid_sampler "
      "group_norm gru gt hardshrink hardsigmoid hardsigmoid_ hardswish hardswish_ hardtanh hardtanh_ hsplit hstack "
      "hypot im2col index index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_put index_put_ "
      "index_select instance_norm int_repr inverse is_autocast_enabled is_contiguous is_floating_point isclose "
      "isfinite isinf isnan item kthvalue l1_loss layer_norm le leaky_relu leaky_relu_ len lerp less less_equal "
      "lgamma linear linspace list log log10 log1p log2 log_ log_sigmoid log_softmax logaddexp logical_and "
      "logical_and_ logical_not logical_or logical_xor logit logsumexp lstm lstm_cell lt masked_fill masked_fill_ "
      "masked_scatter masked_scatter_ masked_select matmul matrix_power max max_pool1d max_pool1d_with_indices "
      "max_pool2d max_pool2d_with_indices max_pool3d maximum mean median meshgrid min minimum mish mish_ mm moveaxis "
      "movedim mul mul_ multiply mv nan_to_num narrow native_batch_norm native_group_norm native_layer_norm ne neg "
      "neg_ negative new_full new_ones new_zeros nonzero norm nuclear_norm numel numpy_T one_hot ones ones_like pad "
      "pairwise_distance permute pixel_shuffle pixel_unshuffle polar positive pow pow_ prelu prod q_per_channel_axis "
      "q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point quantize_per_channel quantize_per_tensor "
      "quantize_per_tensor_dynamic quantized_batch_norm quantized_gru quantized_lstm quantized_lstm_cell "
      "quantized_max_pool1d quantized_max_pool2d reciprocal reciprocal_ reflection_pad1d reflection_pad2d "
      "reflection_pad3d relu relu6 relu6_ relu_ remainder renorm repeat repeat_interleave replication_pad1d "
      "replication_pad2d replication_pad3d reshape reshape_as rnn_relu rnn_tanh roll rot90 round round_ rsqrt rsqrt_ "
      "rsub scalar_tensor scatter scatter_ scatter_add scatter_add_ scatter_reduce select select_scatter selu selu_ "
      "sgn sigmoid sigmoid_ sign sign_ silu silu_ sin sin_ sinc sinh size slice slice_scatter softmax softplus "
      "softshrink sort sorted split split_with_sizes sqrt sqrt_ square squeeze squeeze_ stack std std_mean stride "
      "sub sub_ subtract sum swapaxes swapdims t take take_along_dim tan tanh tanh_ tensor tensor_split tensordot "
      "threshold threshold_ tile to topk trace transpose transpose_ trapezoid tril tril_ triu triu_ true_divide "
      "trunc type_as unbind unflatten unfold unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze unsqueeze_ "
      "upsample_bicubic2d upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d "
      "upsample_nearest3d upsample_trilinear3d var var_mean vdot view view_as vstack where xlogy zero_ zeros "
      "zeros_like";

/// Of these the ones that move or pick elements, the ones that leave what they make on the grid of what they read, and
/// what makes codes.
constexpr std::string_view kKeepingNames
    = " clone contiguous detach flatten max_pool1d max_pool2d narrow permute reshape "
      "select slice squeeze transpose unsqueeze view ",
    kRepeatingNames = " adaptive_avg_pool2d adaptive_avg_pool3d avg_pool2d avg_pool3d clamp hardtanh "
                      "hardtanh_ mean relu relu6 relu6_ relu_ ",
    kMakingNames = " quantize_per_channel quantize_per_tensor ";

CodesRole atenRole(std::string_view name)
{
    const auto isAmong
        = [&](std::string_view names) { return names.find(" " + std::string(name) + " ") != std::string_view::npos; };
    return isAmong(kKeepingNames)  ? CodesRole::Keeps
        : isAmong(kRepeatingNames) ? CodesRole::Repeats
        : isAmong(kMakingNames)    ? CodesRole::Makes
        : name == "dequantize"     ? CodesRole::Takes
                                   : CodesRole::None;
}

/// The same of quantized tensors that is done by libtorch alone.
constexpr std::string_view kQuantizedNames
    = "add_scalar add_scalar_relu celu clamp conv1d_dynamic conv2d_dilation conv2d_dynamic conv2d_groups "
      "conv2d_padding conv2d_stride conv3d_dynamic conv_transpose1d_dynamic conv_transpose2d_dynamic "
      "conv_transpose3d_dynamic elu embedding_4bit embedding_bag_2bit_prepack embedding_bag_4bit "
      "embedding_bag_4bit_prepack embedding_bag_4bit_rowwise_offsets embedding_bag_byte "
      "embedding_bag_byte_prepack embedding_bag_byte_rowwise_offsets embedding_bag_prepack embedding_byte "
      "group_norm instance_norm layer_norm linear_dynamic linear_dynamic_fp16 linear_prepack_fp16 "
      "linear_relu_dynamic linear_relu_dynamic_fp16 make_quantized_cell_params "
      "make_quantized_cell_params_dynamic make_quantized_cell_params_fp16 matmul max_pool1d max_pool2d "
      "mul_scalar mul_scalar_relu prelu quantized_gru_cell_dynamic quantized_lstm_cell_dynamic "
      "quantized_rnn_relu_cell_dynamic quantized_rnn_tanh_cell_dynamic relu6 softmax threshold";

std::vector<OpRow> boxedRows(std::string_view domain, std::string_view names)
{
    std::vector<OpRow> rows;
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(' '));
        const bool drops = name.find("dropout") != std::string_view::npos;
        const CodesRole role = domain == "aten" ? drops ? CodesRole::Keeps : atenRole(name) : CodesRole::None;
        rows.push_back({domain, name, drops ? evaluated : runBoxed, role, role == CodesRole::Makes ? 0u : 1u});
        names.remove_prefix(std::min(names.size(), name.size() + 1));
    }
    return rows;
}

} // namespace

std::span<const OpRow> atenOperators()
{
    static const std::vector<OpRow> rows = boxedRows("aten", kAtenNames);
    return rows;
}

std::span<const OpRow> quantizedOperators()
{
    static const std::vector<OpRow> rows = boxedRows("quantized", kQuantizedNames);
    return rows;
}

} // namespace quantscope
