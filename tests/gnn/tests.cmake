if(TARGET tessera_gnn)
  tessera_add_test(gnn
    gnn/adam_test.cpp
    gnn/canvas_inference_test.cpp
    gnn/canvas_net_test.cpp
    gnn/checkpoint_test.cpp
    gnn/circuit_training_net_test.cpp
    gnn/edge_messages_test.cpp
    gnn/episode_states.cpp
    gnn/finetune_command_test.cpp
    gnn/model_file_test.cpp
    gnn/observation_encoder_test.cpp
    gnn/ppo_test.cpp
    gnn/rollout_test.cpp
    gnn/row_sum_test.cpp
    gnn/small_block.cpp
    gnn/torch_threads.cpp
    gnn/training_test.cpp
    gnn/vivid_network.cpp)
  target_link_libraries(gnn_test PRIVATE tessera::gnn tessera::placer tessera::cost)
  target_precompile_headers(gnn_test PRIVATE <torch/torch.h>)
  add_dependencies(gnn_test tessera)  # the cases of finetune_command_test.cpp run it
endif()
